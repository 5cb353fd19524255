package io.millrace.engine.sampling.grammar;

/** Which tokens of a vocabulary may come next. Immutable, thread-safe. */
public final class TokenMask {
  private final long[] bits;
  private final int count;

  TokenMask(long[] bits) {
    this.bits = bits;
    int ones = 0;
    for (long word : bits) {
      ones += Long.bitCount(word);
    }
    this.count = ones;
  }

  public boolean allows(int token) {
    int word = token >> 6;
    return word < bits.length && (bits[word] >>> token & 1) != 0;
  }

  /** How many tokens are allowed. */
  public int count() {
    return count;
  }

  /**
   * Copies a row of logits, with minus infinity for tokens that are not allowed.
   *
   * @param to float32, one for each of the first tokens of the vocabulary
   */
  public void apply(float[] logits, int offset, float[] to) {
    for (int base = 0; base < to.length; base += Long.SIZE) {
      int end = Math.min(to.length, base + Long.SIZE);
      long word = base >> 6 < bits.length ? bits[base >> 6] : 0;
      if (word == -1) {
        System.arraycopy(logits, offset + base, to, base, end - base);
      } else if (word == 0) {
        java.util.Arrays.fill(to, base, end, Float.NEGATIVE_INFINITY);
      } else {
        for (int token = base; token < end; token++) {
          to[token] = (word >>> token & 1) != 0 ? logits[offset + token] : Float.NEGATIVE_INFINITY;
        }
      }
    }
  }

  int bytes() {
    return 8 * bits.length + 64;
  }
}
