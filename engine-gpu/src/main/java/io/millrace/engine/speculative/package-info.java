/**
 * Speculation: several tokens of a sequence from one pass of the model.
 *
 * <p>The terms are those of the field. Something cheap <em>proposes</em> a <em>draft</em>: the
 * tokens that may come next. The model, the <em>target</em>, computes the sequence's last token and
 * the draft's in one pass, which takes little longer than one token alone, and so has the logits of
 * every one of these positions. From the first on, the draft's tokens that the target would have
 * drawn itself are <em>accepted</em>. The first that it would not have drawn is replaced by the one
 * that it draws: the <em>recovered</em> token. If all are accepted, the last row yields one more:
 * the <em>bonus</em> token. A step thus yields one token at least, as without a draft.
 *
 * <p><b>What a draft proposes changes when a token comes, never which.</b> The usual test
 * (Leviathan and others, "Fast inference from transformers via speculative decoding", 2023) accepts
 * a token at random, and keeps the distribution of answers. Here the noise a token is drawn with is
 * a function of seed and position ({@link io.millrace.engine.sampling}), so the target's own token
 * at every position is already determined, at any temperature: {@link
 * io.millrace.engine.speculative.Verifier} draws it and compares. Every token reported was drawn by
 * the target, from its own logits, with the parameters and the history of a run without drafts; its
 * log-probabilities are the target's. A draft model draws with the same noise, and so proposes,
 * where it agrees on the distribution, the very token. (Of two distributions p and q, Gumbel noise
 * in common draws equal tokens with a probability of at least sum min(p, q) / sum max(p, q); the
 * usual test accepts sum min(p, q). That is the price of exactness above temperature 0.)
 *
 * <p>The parts: {@link io.millrace.engine.speculative.Speculator} extends a scheduled batch by
 * drafts after {@link io.millrace.engine.scheduler.Scheduler#schedule}; {@link
 * io.millrace.engine.speculative.DraftLength} says how long they may be, {@link
 * io.millrace.engine.speculative.DraftProposer} what they are, the verifier which tokens hold, and
 * {@link io.millrace.engine.scheduler.Scheduler#update} takes the rest back.
 */
package io.millrace.engine.speculative;
