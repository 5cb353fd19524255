package io.millrace.engine.quant;

/**
 * Writes the types with blocks of 32, which {@link SimpleBlocks} reads.
 *
 * <p>Q4_0 and Q5_0 have one more integer below 0 than above: the scale's sign is chosen so that the
 * element of the largest magnitude falls on it. Integers are rounded with the scale before that is
 * rounded to binary16 itself, as in ggml.
 */
final class SimpleEncoders {
  private static final int HALF = 16;
  private static final int BLOCK = 32;

  private SimpleEncoders() {}

  static void q40(float[] x, int at, byte[] out, int to) {
    float d = largest(x, at) / -8;
    Bytes.putShort(out, to, HalfFloats.toF16(d));
    nibbles(x, at, inverse(d), 8.5f, 15, out, to + 2);
  }

  static void q50(float[] x, int at, byte[] out, int to) {
    float d = largest(x, at) / -16;
    Bytes.putShort(out, to, HalfFloats.toF16(d));
    Bytes.putInt(out, to + 2, nibbles(x, at, inverse(d), 16.5f, 31, out, to + 6));
  }

  static void q41(float[] x, int at, byte[] out, int to) {
    float min = least(x, at);
    float d = (greatest(x, at) - min) / 15;
    Bytes.putShort(out, to, HalfFloats.toF16(d));
    Bytes.putShort(out, to + 2, HalfFloats.toF16(min));
    nibbles(x, at, inverse(d), 0.5f - min * inverse(d), 15, out, to + 4);
  }

  static void q51(float[] x, int at, byte[] out, int to) {
    float min = least(x, at);
    float d = (greatest(x, at) - min) / 31;
    Bytes.putShort(out, to, HalfFloats.toF16(d));
    Bytes.putShort(out, to + 2, HalfFloats.toF16(min));
    int fifth = nibbles(x, at, inverse(d), 0.5f - min * inverse(d), 31, out, to + 8);
    Bytes.putInt(out, to + 4, fifth);
  }

  static void q80(float[] x, int at, byte[] out, int to) {
    float d = Math.abs(largest(x, at)) / 127;
    float inverse = inverse(d);
    Bytes.putShort(out, to, HalfFloats.toF16(d));
    for (int i = 0; i < BLOCK; i++) {
      float scaled = x[at + i] * inverse;
      out[to + 2 + i] = (byte) (scaled < 0 ? scaled - 0.5f : scaled + 0.5f); // halves outwards
    }
  }

  /**
   * Writes the lower four bits of {@code (int) (x * inverse + shift)}, {@code max} at most.
   *
   * @return the fifth bits, bit j of element j
   */
  private static int nibbles(
      float[] x, int at, float inverse, float shift, int max, byte[] out, int to) {
    int fifth = 0;
    for (int j = 0; j < HALF; j++) {
      int low = level(x[at + j] * inverse + shift, max);
      int high = level(x[at + HALF + j] * inverse + shift, max);
      out[to + j] = (byte) ((low & 15) | (high & 15) << 4);
      fifth |= (low >> 4) << j | (high >> 4) << (HALF + j);
    }
    return fifth;
  }

  private static int level(float shifted, int max) {
    return Math.max(0, Math.min(max, (int) shifted));
  }

  private static float inverse(float d) {
    return d == 0 ? 0 : 1 / d;
  }

  /** The element of the largest magnitude, with its sign; the first of several. */
  private static float largest(float[] x, int at) {
    float largest = 0;
    float magnitude = 0;
    for (int i = at; i < at + BLOCK; i++) {
      if (Math.abs(x[i]) > magnitude) {
        magnitude = Math.abs(x[i]);
        largest = x[i];
      }
    }
    return largest;
  }

  private static float least(float[] x, int at) {
    float least = x[at];
    for (int i = at + 1; i < at + BLOCK; i++) {
      least = Math.min(least, x[i]);
    }
    return least;
  }

  private static float greatest(float[] x, int at) {
    float greatest = x[at];
    for (int i = at + 1; i < at + BLOCK; i++) {
      greatest = Math.max(greatest, x[i]);
    }
    return greatest;
  }
}
