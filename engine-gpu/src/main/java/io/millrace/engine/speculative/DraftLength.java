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
   * Learns how long the target took for a step in which all chunks decoded.
   *
   * @param rows tokens computed, drafted ones included
   * @param nanos from the forward pass to the last token drawn
   */
  void measured(int rows, long nanos);

  /**
   * Begins or ends calibration: steps over made-up sequences, of which only times are worth
   * learning. Whoever calibrates tries all lengths. Each beginning forgets the times learned
   * before, which may have been those of code not yet compiled.
   */
  void calibrate(boolean begin);

  /** Forgets a sequence that has ended, whether it was ever seen or not. */
  void release(Sequence sequence);

  /** Always the same number. */
  static DraftLength fixed(int tokens) {
    return new FixedDraftLength(tokens);
  }
}
