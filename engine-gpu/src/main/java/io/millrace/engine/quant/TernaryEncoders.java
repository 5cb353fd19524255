package io.millrace.engine.quant;

/**
 * Writes the ternary types, which {@link TernaryBlocks} reads: the scale is the largest magnitude
 * of the block, so that weights that are ternary already come through exactly.
 */
final class TernaryEncoders {
  private static final int BLOCK = 256;

  private TernaryEncoders() {}

  static void tq1(float[] x, int at, byte[] out, int to) {
    float inverse = scale(x, at, out, to + 52);
    digits(x, at, inverse, 32, 5, out, to);
    digits(x, at + 160, inverse, 16, 5, out, to + 32);
    digits(x, at + 240, inverse, 4, 4, out, to + 48);
  }

  /** Digit n of byte m is element {@code n * bytes + m}; four digits stand above a fifth, 0. */
  private static void digits(
      float[] x, int at, float inverse, int bytes, int digits, byte[] out, int to) {
    for (int m = 0; m < bytes; m++) {
      int number = 0;
      for (int n = 0; n < 5; n++) {
        number = 3 * number + (n < digits ? trit(x[at + n * bytes + m], inverse) : 0);
      }
      out[to + m] = (byte) ((number * 256 + 242) / 243); // the fraction of 256, rounded up
    }
  }

  static void tq2(float[] x, int at, byte[] out, int to) {
    float inverse = scale(x, at, out, to + 64);
    for (int half = 0; half < 2; half++) {
      for (int m = 0; m < 32; m++) {
        int bits = 0;
        for (int n = 0; n < 4; n++) {
          bits |= trit(x[at + 128 * half + 32 * n + m], inverse) << (2 * n);
        }
        out[to + 32 * half + m] = (byte) bits;
      }
    }
  }

  /** Writes the scale and returns what elements are multiplied with before they are rounded. */
  private static float scale(float[] x, int at, byte[] out, int to) {
    float max = 0;
    for (int i = at; i < at + BLOCK; i++) {
      max = Math.max(max, Math.abs(x[i]));
    }
    Bytes.putShort(out, to, HalfFloats.toF16(max));
    return max == 0 ? 0 : 1 / max;
  }

  /** 0, 1 or 2 for -1, 0 or 1; halves outwards. */
  private static int trit(float x, float inverse) {
    float scaled = x * inverse;
    return scaled >= 0.5f ? 2 : scaled <= -0.5f ? 0 : 1;
  }
}
