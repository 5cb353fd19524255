package io.millrace.engine.quant;

/**
 * The K types: blocks of 256 in sub-blocks of 16 or 32, whose scales (and minima) are small
 * integers times a binary16 of the whole block.
 *
 * <p>The products are taken in ggml's order: a sub-block's scale is rounded before it meets an
 * element.
 */
final class KBlocks {
  private KBlocks() {}

  /** {@code scales[16], quants[64], d, dmin}: four bits of scale and four of minimum in a byte. */
  static void q2(byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    float d = Bytes.f16At(data, at + 80);
    float dMin = Bytes.f16At(data, at + 82);
    for (int i = 0; i < 16; i++) {
      scales[s + i] = d * (data[at + i] & 15);
      mins[s + i] = -(dMin * (data[at + i] >> 4 & 15));
    }
    pairsOfBits(data, at + 16, quants, q);
  }

  /** {@code upper bits[32], lower bits[64], scales[12], d}. */
  static void q3(byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    float d = Bytes.f16At(data, at + 108);
    int packed = at + 96;
    for (int i = 0; i < 16; i++) {
      int lower = data[packed + i % 8] >> (4 * (i / 8)) & 15;
      int upper = data[packed + 8 + i % 4] >> (2 * (i / 4)) & 3;
      scales[s + i] = d * ((lower | upper << 4) - 32);
    }
    pairsOfBits(data, at + 32, quants, q);
    for (int n = 0; n < 8; n++) { // the third bit of element 32 n + m is bit n of byte m
      for (int m = 0; m < 32; m++) {
        quants[q + 32 * n + m] += (byte) (((data[at + m] >> n & 1) << 2) - 4);
      }
    }
  }

  /** {@code d, dmin, scales and minima[12], quants[128]}. */
  static void q4(byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    scalesAndMins(data, at, scales, mins, s);
    nibbles(data, at + 16, quants, q);
  }

  /** As Q4_K, with the fifth bits, {@code [32]}, before the lower four. */
  static void q5(byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    scalesAndMins(data, at, scales, mins, s);
    nibbles(data, at + 48, quants, q);
    for (int n = 0; n < 8; n++) {
      for (int m = 0; m < 32; m++) {
        quants[q + 32 * n + m] += (byte) ((data[at + 16 + m] >> n & 1) << 4);
      }
    }
  }

  /** {@code lower four bits[128], upper two[64], scales[16], d}, in halves of 128 elements. */
  static void q6(byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    float d = Bytes.f16At(data, at + 208);
    for (int i = 0; i < 16; i++) {
      scales[s + i] = d * data[at + 192 + i];
    }
    for (int half = 0; half < 2; half++) {
      for (int n = 0; n < 4; n++) { // elements 32 n to 32 n + 31 of the half
        int lower = at + 64 * half + 32 * (n % 2);
        int upper = at + 128 + 32 * half;
        int to = q + 128 * half + 32 * n;
        for (int m = 0; m < 32; m++) {
          int low = data[lower + m] >> (4 * (n / 2)) & 15;
          int high = data[upper + m] >> (2 * n) & 3;
          quants[to + m] = (byte) ((low | high << 4) - 32);
        }
      }
    }
  }

  /**
   * Eight scales and eight minima of six bits in twelve bytes. Bytes 0 to 3 are the first four
   * scales and bytes 4 to 7 the first four minima, in their lower six bits; the last four have
   * their lower halves in bytes 8 to 11 (scale below, minimum above) and their upper two bits on
   * top of the first eight bytes.
   */
  private static void scalesAndMins(byte[] data, int at, float[] scales, float[] mins, int s) {
    float d = Bytes.f16At(data, at);
    float dMin = Bytes.f16At(data, at + 2);
    int packed = at + 4;
    for (int i = 0; i < 4; i++) {
      int scale = data[packed + i];
      int min = data[packed + 4 + i];
      int rest = data[packed + 8 + i];
      scales[s + i] = d * (scale & 63);
      mins[s + i] = -(dMin * (min & 63));
      scales[s + 4 + i] = d * ((rest & 15) | (scale >> 6 & 3) << 4);
      mins[s + 4 + i] = -(dMin * ((rest >> 4 & 15) | (min >> 6 & 3) << 4));
    }
  }

  /** Byte m of every 32 holds elements m (lower half) and m + 32 of every 64. */
  private static void nibbles(byte[] data, int at, byte[] quants, int q) {
    for (int i = 0; i < 4; i++) {
      for (int m = 0; m < 32; m++) {
        quants[q + 64 * i + m] = (byte) (data[at + 32 * i + m] & 15);
      }
      for (int m = 0; m < 32; m++) {
        quants[q + 64 * i + 32 + m] = (byte) (data[at + 32 * i + m] >> 4 & 15);
      }
    }
  }

  /** Byte m of every 32 holds elements m, m + 32, m + 64 and m + 96 of every 128. */
  private static void pairsOfBits(byte[] data, int at, byte[] quants, int q) {
    for (int half = 0; half < 2; half++) {
      for (int n = 0; n < 4; n++) {
        for (int m = 0; m < 32; m++) {
          quants[q + 128 * half + 32 * n + m] = (byte) (data[at + 32 * half + m] >> (2 * n) & 3);
        }
      }
    }
  }
}
