package io.millrace.engine.backend.cpu;

/** The 16-bit floating-point formats of weights, to float32. Both conversions are exact. */
final class HalfFloats {

  /** 2^112: the difference between the exponent biases of binary32 and binary16. */
  private static final float REBIAS = 0x1p112f;

  private HalfFloats() {}

  /** IEEE 754 binary16 (JDK 17 has no Float.float16ToFloat). */
  static float f16(short bits) {
    if ((bits & 0x7c00) == 0x7c00) { // infinity and NaN
      return Float.intBitsToFloat((bits & 0x8000) << 16 | 0x7f800000 | (bits & 0x3ff) << 13);
    }
    // Sign extension fills the three exponent bits binary16 lacks; the mask clears them again.
    return Float.intBitsToFloat(bits << 13 & 0x8fffffff) * REBIAS;
  }

  /** bfloat16: the upper half of a binary32. */
  static float bf16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
