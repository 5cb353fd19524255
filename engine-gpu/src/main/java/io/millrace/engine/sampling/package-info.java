/**
 * From logits to tokens, and from tokens to text.
 *
 * <p><b>Randomness is a function, not a stream.</b> The token at (seed, choice, position) is the
 * one with the greatest logit plus noise, and the noise of a token is a hash of (seed, choice,
 * position, token). No generator is advanced, so nothing has to be saved, and it makes no
 * difference what else is in the batch, whether the sequence was preempted and computed again, or
 * whether this engine or an earlier one drew the tokens before. Position counts the answer's tokens
 * from 0, those of earlier attempts included. Several choices of one prompt are requests with the
 * same seed, each with its own choice number; choice 0 is the answer that the prompt gets alone.
 *
 * <p><b>Text is a function of the tokens.</b> The detokeniser holds back bytes of half characters,
 * and the stop strings characters that may yet be cut; both depend on the tokens so far and on
 * nothing else.
 *
 * <p>Hence the tokens alone are all that a checkpoint has to keep of an answer in progress; see
 * {@link io.millrace.engine.scheduler}.
 */
package io.millrace.engine.sampling;
