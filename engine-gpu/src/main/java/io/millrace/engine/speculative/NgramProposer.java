package io.millrace.engine.speculative;

import io.millrace.engine.scheduler.Sequence;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Proposes what followed the last time that the sequence had the same few tokens (Saxena, "Prompt
 * lookup decoding", 2023). Answers that quote their prompt, edit it, or repeat themselves gain
 * much; it takes next to no time.
 *
 * <p>The longest of the last n tokens that occurred before decides, and of its occurrences the
 * latest.
 */
public final class NgramProposer implements DraftProposer {
  private final int ngramMax;
  private final int ngramMin;
  private final Map<Sequence, NgramIndex> indexes = new HashMap<>();

  /**
   * @param ngramMax most tokens to match
   * @param ngramMin fewest tokens to match, at least 1
   */
  public NgramProposer(int ngramMax, int ngramMin) {
    if (ngramMin < 1 || ngramMax < ngramMin) {
      throw new IllegalArgumentException(
          "n-grams of " + ngramMin + " to " + ngramMax + " tokens are not possible");
    }
    this.ngramMax = ngramMax;
    this.ngramMin = ngramMin;
  }

  @Override
  public void propose(List<Draft> drafts) {
    for (Draft draft : drafts) {
      Sequence sequence = draft.sequence();
      NgramIndex index =
          indexes.computeIfAbsent(
              sequence, s -> new NgramIndex(s, ngramMax, ngramMin, s.tokensMax()));
      int next = index.lookUp();
      // Past the sequence's end it goes on with what it just drafted: a repetition repeats.
      while (next >= 0 && !draft.isFull()) {
        draft.add(draft.token(next++));
      }
    }
  }

  /** Too little to count. */
  @Override
  public double estimateNanos(List<Sequence> sequences, int draftTokens) {
    return 0;
  }

  @Override
  public void calibrate(long nanosMax) {}

  @Override
  public void release(Sequence sequence) {
    indexes.remove(sequence);
  }

  @Override
  public void close() {
    indexes.clear();
  }
}
