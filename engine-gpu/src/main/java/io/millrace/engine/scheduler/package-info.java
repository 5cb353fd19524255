/**
 * Continuous batching: which tokens of which sequences each step computes.
 *
 * <p>The cycle has two verbs. {@code schedule()} turns the sequences into a {@link
 * io.millrace.engine.scheduler.ScheduledBatch}; the model computes it; {@code update()} applies the
 * result. Between the two nothing changes. Requests come, and are cancelled, only between two
 * cycles.
 *
 * <p><b>There is one kind of work: catching up.</b> A sequence has {@code length} tokens, of which
 * the first {@code computedTokens} are in the KV cache; a step computes some of the rest; when it
 * computes the last, the next token is drawn and appended, and is itself the one to catch up with.
 * A prompt in chunks, one whose first blocks the prefix cache has, a decode step, the second
 * computation after a preemption and the first one after a restart differ in numbers only.
 *
 * <p><b>What a checkpoint has to keep of a sequence: the request and the ids of the tokens drawn so
 * far.</b> Everything else follows from them. The KV cache is a function of the tokens, and is
 * computed again as after a preemption. The next token's logits depend on the tokens before it, to
 * the last bit the same in whatever batch and chunks (see {@link
 * io.millrace.engine.model.LanguageModel}). The noise it is drawn with depends on seed, choice and
 * position ({@link io.millrace.engine.sampling}). Which tokens carry a repetition penalty, what
 * bytes the detokeniser holds, what characters the stop strings hold back, how much text has been
 * reported: all functions of the tokens, so a new {@link io.millrace.engine.scheduler.Sequence}
 * replays them and reports none of it again. Preemption uses the same fact, and is therefore exact
 * too: a preempted sequence keeps its tokens and nothing else.
 *
 * <p>It follows that whoever keeps the progress must record a step's tokens together with the text
 * that was reported with them; recorded apart, a crash in between would lose or repeat text.
 */
package io.millrace.engine.scheduler;
