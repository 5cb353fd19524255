package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions of vectors, written out: the library's own may differ between interpreted
 * and compiled code, and then a row's bits would depend on how warm the JVM is. For the same reason
 * sums over lanes go through an array.
 */
final class VectorMath {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;

  private static final float LOG2_E = 1.44269504f;
  private static final float LN2_HIGH = 0.693359375f; // few bits: a multiple of it is exact
  private static final float LN2_LOW = -2.12194440e-4f;

  /** 1.5 x 2^23: adding it rounds to an integer, which is then in the lowest bits. */
  private static final float ROUNDING = 0x1.8p23f;

  /** Below this the result is 0, at about e^-88. */
  static final float EXP_MIN = -88.02f;

  private static final float EXP_MAX = 88f;

  private VectorMath() {}

  /** e^x to about 1e-7 relative, 0 for {@code x <= EXP_MIN}, limited to e^88 above. */
  static FloatVector exp(FloatVector x) {
    // e^x = 2^n e^r with r in -ln2/2 .. ln2/2
    FloatVector limited = x.max(EXP_MIN).min(EXP_MAX);
    FloatVector shifted = limited.fma(FloatVector.broadcast(F, LOG2_E), broadcast(ROUNDING));
    FloatVector n = shifted.sub(ROUNDING);
    FloatVector r = n.fma(broadcast(-LN2_HIGH), limited);
    r = n.fma(broadcast(-LN2_LOW), r);
    // Taylor's series to r^7 / 7!: the rest is below 6e-9
    FloatVector p = r.fma(broadcast(1f / 5040), broadcast(1f / 720));
    p = p.fma(r, broadcast(1f / 120));
    p = p.fma(r, broadcast(1f / 24));
    p = p.fma(r, broadcast(1f / 6));
    p = p.fma(r, broadcast(0.5f));
    p = p.fma(r, broadcast(1f));
    p = p.fma(r, broadcast(1f));
    // The lowest bits of shifted are n; n = -127 gives the float 0.
    FloatVector power =
        shifted
            .reinterpretAsInts()
            .add(127)
            .lanewise(VectorOperators.LSHL, 23)
            .reinterpretAsFloats();
    return p.mul(power);
  }

  private static FloatVector broadcast(float x) {
    return FloatVector.broadcast(F, x);
  }

  /** The sum of {@code lanes[at .. at + length)}, in order. */
  static float sum(float[] lanes, int at, int length) {
    float sum = 0f;
    for (int i = 0; i < length; i++) {
      sum += lanes[at + i];
    }
    return sum;
  }
}
