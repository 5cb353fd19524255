package io.millrace.engine.speculative;

import io.millrace.engine.scheduler.Sequence;
import java.util.Arrays;
import java.util.List;

/** Always the same number of tokens, whatever becomes of them. */
record FixedDraftLength(int tokens) implements DraftLength {

  @Override
  public int[] lengths(List<Sequence> sequences, int otherRows, int rowsMax) {
    int[] lengths = new int[sequences.size()];
    Arrays.fill(lengths, tokens);
    return lengths;
  }

  @Override
  public void verified(Sequence sequence, int drafted, int accepted) {}

  @Override
  public void stepped(int sequences, int tokens, long nanos, boolean drafted) {}

  /** There are none to learn from. */
  @Override
  public double plainNanos(int sequences) {
    return 0;
  }

  @Override
  public void calibrate(PassTimes target) {}

  @Override
  public void release(Sequence sequence) {}
}
