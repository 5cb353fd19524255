package io.millrace.jobs.cli.torture;

import io.millrace.schemas.TokenEvent;
import java.util.Arrays;
import java.util.BitSet;

/** When each token of one answer was generated, from committed token events. */
final class TokenTrail {
  private final BitSet seen = new BitSet();
  private long[] epochMillis = new long[64];
  private int twice;

  /** Takes in an event of choice 0. */
  void add(TokenEvent event) {
    int from = event.getIndex();
    int to = from + event.getTokenCount();
    if (to > epochMillis.length) {
      epochMillis = Arrays.copyOf(epochMillis, Math.max(to, 2 * epochMillis.length));
    }
    for (int i = from; i < to; i++) {
      if (seen.get(i)) {
        twice++;
      }
      seen.set(i);
      epochMillis[i] = event.getTime().toEpochMilli();
    }
  }

  /** Tokens that came when they had come before. */
  int twice() {
    return twice;
  }

  /** How many of the answer's tokens have no event. */
  int missing(int tokens) {
    return tokens - seen.get(0, tokens).cardinality();
  }

  /** Tokens generated up to this time, if more came later; else 0. */
  int doneWhenItWentOn(long atMillis) {
    int before = 0;
    int after = 0;
    for (int i = seen.nextSetBit(0); i >= 0; i = seen.nextSetBit(i + 1)) {
      if (epochMillis[i] <= atMillis) {
        before++;
      } else {
        after++;
      }
    }
    return after > 0 ? before : 0;
  }
}
