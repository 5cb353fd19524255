package io.millrace.engine.speculative;

import io.millrace.engine.DraftCounts;
import java.util.Arrays;

/** Counts drafted and accepted tokens by their position in the draft. */
final class DraftTally {
  private final long[] drafted;
  private final long[] accepted;
  private long steps;
  private long chunks;

  DraftTally(int draftTokensMax) {
    drafted = new long[draftTokensMax];
    accepted = new long[draftTokensMax];
  }

  void step() {
    steps++;
  }

  void chunk(int draftedTokens, int acceptedTokens) {
    chunks++;
    for (int i = 0; i < draftedTokens; i++) {
      drafted[i]++;
    }
    for (int i = 0; i < acceptedTokens; i++) {
      accepted[i]++;
    }
  }

  DraftCounts counts() {
    return new DraftCounts(
        steps,
        chunks,
        Arrays.stream(drafted).boxed().toList(),
        Arrays.stream(accepted).boxed().toList());
  }
}
