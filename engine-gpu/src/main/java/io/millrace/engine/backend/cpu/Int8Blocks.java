package io.millrace.engine.backend.cpu;

/**
 * Activations rounded to int8 with one scale each: in blocks of 32, what weights of a quantised
 * type are multiplied with on every backend; in whole vectors of a head, what an int8 KV cache
 * keeps.
 */
final class Int8Blocks {

  /** Elements in a block, as in GGUF's Q8_0 and Q4_0. */
  static final int BLOCK = 32;

  /** 1.5 x 2^23: adding it to a small number rounds that to an integer. */
  static final float ROUNDING = 0x1.8p23f;

  /** Subtracted from such a sum's bits, leaves the integer. */
  static final int ROUNDING_BITS = Float.floatToRawIntBits(ROUNDING);

  private Int8Blocks() {}

  /** The scale of a block whose largest magnitude is {@code max}. */
  static float scale(float max) {
    return max / 127f;
  }

  /** What elements are multiplied with before they are rounded: 1 / scale, or 0 if that is none. */
  static float inverse(float scale) {
    return scale < Float.MIN_NORMAL ? 0f : 1f / scale;
  }

  /** Rounds to nearest, halves to even. */
  static int round(float x, float inverse) {
    return (int) (x * inverse + ROUNDING - ROUNDING);
  }

  /**
   * Rounds one block.
   *
   * @return its scale
   */
  static float quantise(float[] x, int at, byte[] out, int outAt) {
    return quantise(x, at, BLOCK, out, outAt);
  }

  /**
   * Rounds any number of elements with one scale. What is not finite makes the scale so, and is
   * found again in every product.
   *
   * @return the scale
   */
  static float quantise(float[] x, int at, int length, byte[] out, int outAt) {
    float max = 0f;
    for (int i = 0; i < length; i++) {
      max = Math.max(max, Math.abs(x[at + i]));
    }
    float scale = scale(max);
    float inverse = inverse(scale);
    for (int i = 0; i < length; i++) {
      out[outAt + i] = (byte) round(x[at + i], inverse);
    }
    return scale;
  }
}
