package io.millrace.engine.backend.cpu;

/** The 16-bit floating-point formats of weights, as the kernels spell them. */
final class HalfFloats {
  private HalfFloats() {}

  /** IEEE 754 binary16. */
  static float f16(short bits) {
    return io.millrace.engine.quant.HalfFloats.f16(bits);
  }

  /** bfloat16: the upper half of a binary32. */
  static float bf16(short bits) {
    return io.millrace.engine.quant.HalfFloats.bf16(bits);
  }
}
