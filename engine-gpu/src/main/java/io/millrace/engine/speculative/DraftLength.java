package io.millrace.engine.speculative;

import io.millrace.engine.scheduler.Sequence;
import java.util.List;

/**
 * Decides how many tokens to draft. Implementations learn from what became of earlier drafts; the
 * decision changes how fast answers come and nothing else.
 */
public interface DraftLength {

  /**
   * Tokens to draft for each sequence that decodes in this step.
   *
   * @param sequences those that decode, at least one
   * @param otherRows tokens that the step computes beside theirs: chunks of prompts
   * @param rowsMax most drafted tokens in the step, all sequences together
   * @return one number for each sequence, 0 or more; more than there is room for is cut
   */
  int[] lengths(List<Sequence> sequences, int otherRows, int rowsMax);

  /**
   * Learns what became of a draft.
   *
   * @param drafted tokens proposed, at least 1
   * @param accepted how many of them were accepted
   */
  void verified(Sequence sequence, int drafted, int accepted);

  /**
   * Learns from a step in which all chunks decoded.
   *
   * @param tokens that the sequences grew by
   * @param nanos from the first drafted token to the last one drawn
   * @param drafted whether any sequence was drafted for
   */
  void stepped(int sequences, int tokens, long nanos, boolean drafted);

  /**
   * How long a step takes that decodes for so many sequences and has no drafts.
   *
   * @param sequences at least one
   * @return nanoseconds; 0 if no such step was timed
   */
  double plainNanos(int sequences);

  /**
   * Takes how long the target's passes take, and forgets what was learned before: warm-up may have
   * taught it what code takes that is not compiled, and what made-up prompts accept.
   */
  void calibrate(PassTimes target);

  /** Forgets a sequence that has ended, whether it was ever seen or not. */
  void release(Sequence sequence);

  /** Always the same number. */
  static DraftLength fixed(int tokens) {
    return new FixedDraftLength(tokens);
  }
}
