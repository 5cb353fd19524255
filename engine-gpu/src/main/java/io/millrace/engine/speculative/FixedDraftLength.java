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
  public void measured(int rows, long nanos) {}

  @Override
  public void calibrate(boolean begin) {}

  @Override
  public void release(Sequence sequence) {}
}
