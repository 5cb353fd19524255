package io.millrace.engine.quant;

import java.util.Arrays;

/** The types for weights that are -1, 0 or 1 times one binary16 scale, in blocks of 256. */
final class TernaryBlocks {
  private static final int SUB_BLOCKS = 8;

  private TernaryBlocks() {}

  /**
   * Five digits of base 3 in a byte, first digit foremost, as a fraction of 256 rounded up: digits
   * come out as the carries of repeated multiplication by 3. 32 bytes hold 160 elements, 16 bytes
   * 80, and 4 bytes, with four digits each, the last 16; digit n of byte m is element {@code n *
   * bytes + m} of its part.
   */
  static void tq1(byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    Arrays.fill(scales, s, s + SUB_BLOCKS, Bytes.f16At(data, at + 52));
    digits(data, at, 32, 5, quants, q);
    digits(data, at + 32, 16, 5, quants, q + 160);
    digits(data, at + 48, 4, 4, quants, q + 240);
  }

  private static void digits(byte[] data, int at, int bytes, int digits, byte[] quants, int q) {
    int power = 1;
    for (int n = 0; n < digits; n++) {
      for (int m = 0; m < bytes; m++) {
        int fraction = (data[at + m] * power) & 0xff;
        quants[q + n * bytes + m] = (byte) (((fraction * 3) >> 8) - 1);
      }
      power *= 3;
    }
  }

  /** Two bits an element, four elements 32 apart in a byte. */
  static void tq2(byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    Arrays.fill(scales, s, s + SUB_BLOCKS, Bytes.f16At(data, at + 64));
    for (int half = 0; half < 2; half++) {
      for (int n = 0; n < 4; n++) {
        for (int m = 0; m < 32; m++) {
          int bits = data[at + 32 * half + m] >> (2 * n) & 3;
          quants[q + 128 * half + 32 * n + m] = (byte) (bits - 1);
        }
      }
    }
  }
}
