package io.millrace.engine.speculative;

import io.millrace.engine.scheduler.Sequence;
import java.util.List;

/** Asks one proposer, and for the sequences that it has nothing for another. */
public final class ChainedProposer implements DraftProposer {
  private final DraftProposer first;
  private final DraftProposer second;

  /** Both are closed with this. */
  public ChainedProposer(DraftProposer first, DraftProposer second) {
    this.first = first;
    this.second = second;
  }

  @Override
  public void propose(List<Draft> drafts) {
    first.propose(drafts);
    List<Draft> without = drafts.stream().filter(draft -> draft.size() == 0).toList();
    if (!without.isEmpty()) {
      second.propose(without);
    }
  }

  /** As if the first had nothing. */
  @Override
  public double estimateNanos(List<Sequence> sequences, int draftTokens) {
    return first.estimateNanos(sequences, draftTokens)
        + second.estimateNanos(sequences, draftTokens);
  }

  @Override
  public void calibrate(long nanosMax) {
    first.calibrate(nanosMax / 2);
    second.calibrate(nanosMax / 2);
  }

  @Override
  public void release(Sequence sequence) {
    first.release(sequence);
    second.release(sequence);
  }

  @Override
  public void close() {
    try {
      first.close();
    } finally {
      second.close();
    }
  }
}
