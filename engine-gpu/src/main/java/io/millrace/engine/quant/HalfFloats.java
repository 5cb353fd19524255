package io.millrace.engine.quant;

/** The 16-bit floating-point formats of weights, from and to float32. Widening is exact. */
public final class HalfFloats {

  /** 2^112: the difference between the exponent biases of binary32 and binary16. */
  private static final float REBIAS = 0x1p112f;

  private HalfFloats() {}

  /** IEEE 754 binary16 (JDK 17 has no Float.float16ToFloat). */
  public static float f16(short bits) {
    if ((bits & 0x7c00) == 0x7c00) { // infinity and NaN
      return Float.intBitsToFloat((bits & 0x8000) << 16 | 0x7f800000 | (bits & 0x3ff) << 13);
    }
    // Sign extension fills the three exponent bits binary16 lacks; the mask clears them again.
    return Float.intBitsToFloat(bits << 13 & 0x8fffffff) * REBIAS;
  }

  /** bfloat16: the upper half of a binary32. */
  public static float bf16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Rounds to binary16: to nearest, halves to even, to infinity beyond 65519. */
  public static short toF16(float x) {
    int bits = Float.floatToRawIntBits(x);
    int sign = bits >>> 16 & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) { // NaN stays one
      return (short) (sign | 0x7e00);
    }
    if (magnitude >= 0x477ff000) { // 65520, half-way to the number after the largest
      return (short) (sign | 0x7c00);
    }
    if (magnitude < 0x38800000) { // below 2^-14: a multiple of 2^-24, which adding 1/2 rounds to
      float shifted = Float.intBitsToFloat(magnitude) + 0.5f;
      return (short) (sign | (Float.floatToRawIntBits(shifted) - 0x3f000000));
    }
    int rounded = magnitude + 0xfff + (magnitude >>> 13 & 1);
    return (short) (sign | (rounded - 0x38000000) >>> 13);
  }

  /** Rounds to bfloat16: to nearest, halves to even. */
  public static short toBf16(float x) {
    int bits = Float.floatToRawIntBits(x);
    if ((bits & 0x7fffffff) > 0x7f800000) {
      return (short) (bits >>> 16 | 0x40); // NaN stays one
    }
    return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }
}
