package io.millrace.engine.quant;

/** Writes MXFP4, which {@link TableBlocks} reads. */
final class TableEncoders {
  private static final int HALF = 16;
  private static final int BLOCK = 32;

  /** Half-way between neighbours of 0, 1, 2, 3, 4, 6, 8, 12: twice the magnitudes of E2M1. */
  private static final float[] HALFWAY = {0.5f, 1.5f, 2.5f, 3.5f, 5f, 7f, 10f};

  private TableEncoders() {}

  /** The power of two is that of the largest magnitude, which then lies between 4 and 8. */
  static void mxfp4(float[] x, int at, byte[] out, int to) {
    float max = 0;
    for (int i = at; i < at + BLOCK; i++) {
      max = Math.max(max, Math.abs(x[i]));
    }
    int exponent = max == 0 ? 0 : Math.max(0, Math.getExponent(max) - 2 + 127);
    out[to] = (byte) exponent;
    double doubled = 2 * Math.pow(2, 127 - exponent);
    for (int j = 0; j < HALF; j++) {
      int low = index((float) (x[at + j] * doubled));
      out[to + 1 + j] = (byte) (low | index((float) (x[at + HALF + j] * doubled)) << 4);
    }
  }

  private static int index(float doubled) {
    int index = 0;
    while (index < HALFWAY.length && Math.abs(doubled) > HALFWAY[index]) {
      index++;
    }
    return doubled < 0 ? index | 8 : index;
  }
}
