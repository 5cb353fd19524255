package io.millrace.engine.speculative;

import io.millrace.engine.sampling.TokenHistory;

/**
 * Where in a growing sequence each n-gram last occurred. A hash table whose slots hold positions
 * and nothing else: what a slot says is checked against the tokens, and of two n-grams in one slot
 * the later stays. So it may miss an occurrence, and never makes one up; its size is bounded.
 */
final class NgramIndex {
  private static final int SLOTS_MIN = 64;
  private static final int SLOTS_MAX = 1 << 16;
  private static final long GOLDEN_RATIO = 0x9e3779b97f4a7c15L;

  private final TokenHistory tokens;
  private final int ngramMax;
  private final int ngramMin;

  /** Position after an n-gram, which is that of the token that followed it; 0 is none. */
  private final int[] slots;

  /** N-grams that end before this position are in the table. */
  private int indexed = 1;

  /**
   * @param tokens only ever grows
   * @param tokensMax most tokens it will have
   */
  NgramIndex(TokenHistory tokens, int ngramMax, int ngramMin, int tokensMax) {
    this.tokens = tokens;
    this.ngramMax = ngramMax;
    this.ngramMin = ngramMin;
    long wanted = 2L * tokensMax * (ngramMax - ngramMin + 1);
    this.slots = new int[slotCount(wanted)];
  }

  /**
   * Takes in the tokens that came since the last call, and finds the latest earlier occurrence of
   * the longest possible end of the sequence.
   *
   * @return position of the token that followed it, or -1 if there is none
   */
  int lookUp() {
    // The n-grams at the very end have no token after them yet.
    for (; indexed < tokens.length(); indexed++) {
      for (int n = ngramMin; n <= Math.min(ngramMax, indexed); n++) {
        slots[slot(indexed, n)] = indexed;
      }
    }
    int end = tokens.length();
    for (int n = Math.min(ngramMax, end - 1); n >= ngramMin; n--) {
      int found = slots[slot(end, n)];
      if (found > 0 && equal(found, end, n)) {
        return found;
      }
    }
    return -1;
  }

  /** Whether the n tokens before either position are the same. */
  private boolean equal(int first, int second, int n) {
    if (first < n) {
      return false;
    }
    for (int i = 1; i <= n; i++) {
      if (tokens.token(first - i) != tokens.token(second - i)) {
        return false;
      }
    }
    return true;
  }

  private int slot(int end, int n) {
    long hash = n;
    for (int i = 1; i <= n; i++) {
      hash = (hash ^ tokens.token(end - i)) * GOLDEN_RATIO;
      hash ^= hash >>> 32;
    }
    return (int) hash & (slots.length - 1);
  }

  private static int slotCount(long wanted) {
    long bounded = Math.max(SLOTS_MIN, Math.min(SLOTS_MAX, wanted));
    return Integer.highestOneBit((int) bounded - 1) << 1;
  }
}
