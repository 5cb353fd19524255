package io.millrace.engine.quant;

/**
 * The types with blocks of 32: a binary16 scale, in Q4_1 and Q5_1 a binary16 minimum, then the
 * integers. Elements j and j + 16 share a byte of four-bit halves, j in the lower; the fifth bits
 * of Q5_0 and Q5_1 stand together in one 32-bit word before them, bit j for element j.
 */
final class SimpleBlocks {
  private static final int HALF = 16;

  private SimpleBlocks() {}

  static void q40(byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    scales[s] = Bytes.f16At(data, at);
    nibbles(data, at + 2, quants, q, 8);
  }

  static void q41(byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    scales[s] = Bytes.f16At(data, at);
    mins[s] = Bytes.f16At(data, at + 2);
    nibbles(data, at + 4, quants, q, 0);
  }

  static void q50(byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    scales[s] = Bytes.f16At(data, at);
    nibbles(data, at + 6, quants, q, 16);
    addFifthBits(Bytes.intAt(data, at + 2), quants, q);
  }

  static void q51(byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    scales[s] = Bytes.f16At(data, at);
    mins[s] = Bytes.f16At(data, at + 2);
    nibbles(data, at + 8, quants, q, 0);
    addFifthBits(Bytes.intAt(data, at + 4), quants, q);
  }

  static void q80(byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    scales[s] = Bytes.f16At(data, at);
    System.arraycopy(data, at + 2, quants, q, 2 * HALF);
  }

  private static void nibbles(byte[] data, int at, byte[] quants, int q, int zero) {
    for (int j = 0; j < HALF; j++) {
      quants[q + j] = (byte) ((data[at + j] & 15) - zero);
    }
    for (int j = 0; j < HALF; j++) {
      quants[q + HALF + j] = (byte) ((data[at + j] >> 4 & 15) - zero);
    }
  }

  private static void addFifthBits(int bits, byte[] quants, int q) {
    for (int j = 0; j < 2 * HALF; j++) {
      quants[q + j] += (byte) ((bits >>> j & 1) << 4);
    }
  }
}
