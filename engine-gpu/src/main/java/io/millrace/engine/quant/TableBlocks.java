package io.millrace.engine.quant;

/** The types whose four bits are an index of a table of sixteen values. */
final class TableBlocks {
  private static final int HALF = 16;

  /** Twice the values of E2M1: one sign, two exponent, one mantissa bit. */
  private static final byte[] E2M1_DOUBLED = {
    0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12
  };

  /** The non-linear levels of the IQ4 types. */
  private static final byte[] IQ4_LEVELS = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  private TableBlocks() {}

  /** A power of two as one byte, biased by 127, then sixteen bytes. */
  static void mxfp4(
      byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    scales[s] = powerOfTwo((data[at] & 0xff) - 128); // half: the table is doubled
    look(E2M1_DOUBLED, data, at + 1, quants, q);
  }

  static void iq4Nl(
      byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    scales[s] = Bytes.f16At(data, at);
    look(IQ4_LEVELS, data, at + 2, quants, q);
  }

  /**
   * Eight sub-blocks of 32. Their scales are six bits, 32 standing for 0: the upper two in one
   * 16-bit word, the lower four in four bytes.
   */
  static void iq4Xs(
      byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s) {
    float d = Bytes.f16At(data, at);
    int upper = Bytes.shortAt(data, at + 2);
    for (int i = 0; i < 8; i++) {
      int lower = data[at + 4 + i / 2] >> (4 * (i % 2)) & 15;
      scales[s + i] = d * ((lower | (upper >> (2 * i) & 3) << 4) - 32);
      look(IQ4_LEVELS, data, at + 8 + HALF * i, quants, q + 2 * HALF * i);
    }
  }

  private static void look(byte[] table, byte[] data, int at, byte[] quants, int q) {
    for (int j = 0; j < HALF; j++) {
      quants[q + j] = table[data[at + j] & 15];
      quants[q + HALF + j] = table[data[at + j] >> 4 & 15];
    }
  }

  /** 2^exponent for -128 to 127; the lowest two are denormal. */
  private static float powerOfTwo(int exponent) {
    return exponent < Float.MIN_EXPONENT
        ? Float.intBitsToFloat(0x00400000 >> (Float.MIN_EXPONENT - 1 - exponent))
        : Float.intBitsToFloat((exponent + 127) << 23);
  }
}
