package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgmlType;

/** Writes blocks of 32 small integers with a scale as ggml's Q4_0 and Q5_0 store them. */
final class FiveBits {
  private FiveBits() {}

  /**
   * @param type Q4_0 for values from -8 to 7, Q5_0 for values from -16 to 15
   * @param scale a binary16
   */
  static void write(GgmlType type, short scale, int[] values, byte[] into, int at) {
    boolean five = type == GgmlType.Q5_0;
    int offset = five ? 16 : 8;
    into[at] = (byte) scale;
    into[at + 1] = (byte) (scale >> 8);
    int nibbles = at + (five ? 6 : 2);
    int fifths = 0;
    for (int i = 0; i < 32; i++) {
      int stored = values[i] + offset;
      fifths |= ((stored >> 4) & 1) << i;
      // Elements i and i + 16 share a byte, the lower one in the lower half.
      into[nibbles + i % 16] |= (byte) ((stored & 15) << (i < 16 ? 0 : 4));
    }
    if (five) {
      for (int b = 0; b < 4; b++) {
        into[at + 2 + b] = (byte) (fifths >> (8 * b));
      }
    }
  }
}
