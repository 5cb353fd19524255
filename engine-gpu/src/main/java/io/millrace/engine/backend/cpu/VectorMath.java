package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Functions over arrays, written out: the library's own may differ between interpreted and compiled
 * code, and then a row's bits would depend on how warm the JVM is. For the same reason sums over
 * lanes go through an array.
 *
 * <p>Here and in all classes of vectors, none is passed to or returned from a method: where the
 * compiler does not inline it, every vector would become an object. Conversions name the species
 * they lead to: looked up, it is not always a constant for the compiler, with the same effect.
 */
final class VectorMath {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();

  private static final float LOG2_E = 1.44269504f;
  private static final float LN2_HIGH = 0.693359375f; // few bits: a multiple of it is exact
  private static final float LN2_LOW = -2.12194440e-4f;

  /** 1.5 x 2^23: adding it rounds to an integer, which is then in the lowest bits. */
  private static final float ROUNDING = 0x1.8p23f;

  /** Up to here the result is 0. */
  private static final float EXP_MIN = -88.02f;

  private static final float EXP_MAX = 88f;

  private VectorMath() {}

  /**
   * {@code out = e^(factor * x + shift)} to about 1e-7 relative, whole vectors; arguments of -88.02
   * and less give 0, those above 88 give e^88.
   */
  static void exp(
      float[] x, int at, int length, float factor, float shift, float[] out, int outAt) {
    FloatVector shifts = FloatVector.broadcast(F, shift);
    FloatVector factors = FloatVector.broadcast(F, factor);
    FloatVector rounding = FloatVector.broadcast(F, ROUNDING);
    for (int i = 0; i < length; i += LANES) {
      // e^y = 2^n e^r with r in -ln2/2 .. ln2/2
      FloatVector y =
          FloatVector.fromArray(F, x, at + i).fma(factors, shifts).max(EXP_MIN).min(EXP_MAX);
      FloatVector shifted = y.fma(FloatVector.broadcast(F, LOG2_E), rounding);
      FloatVector n = shifted.sub(rounding);
      FloatVector r = n.fma(FloatVector.broadcast(F, -LN2_HIGH), y);
      r = n.fma(FloatVector.broadcast(F, -LN2_LOW), r);
      // Taylor's series to r^7 / 7!: the rest is below 6e-9
      FloatVector one = FloatVector.broadcast(F, 1f);
      FloatVector p =
          r.fma(FloatVector.broadcast(F, 1f / 5040), FloatVector.broadcast(F, 1f / 720));
      p = p.fma(r, FloatVector.broadcast(F, 1f / 120));
      p = p.fma(r, FloatVector.broadcast(F, 1f / 24));
      p = p.fma(r, FloatVector.broadcast(F, 1f / 6));
      p = p.fma(r, FloatVector.broadcast(F, 0.5f));
      p = p.fma(r, one);
      p = p.fma(r, one);
      // The lowest bits of shifted are n; n = -127 gives the float 0.
      IntVector bits = (IntVector) shifted.reinterpretShape(I, 0);
      IntVector power = bits.add(127).lanewise(VectorOperators.LSHL, 23);
      p.mul((FloatVector) power.reinterpretShape(F, 0)).intoArray(out, outAt + i);
    }
  }

  /**
   * The sum of {@code x[at .. at + length)}, whole vectors: lane by lane, then over the lanes.
   *
   * @param lanes scratch for one vector, from {@code lanesAt} on
   */
  static float sum(float[] x, int at, int length, float[] lanes, int lanesAt) {
    FloatVector sums = FloatVector.zero(F);
    for (int i = 0; i < length; i += LANES) {
      sums = sums.add(FloatVector.fromArray(F, x, at + i));
    }
    sums.intoArray(lanes, lanesAt);
    return sumLanes(lanes, lanesAt);
  }

  /** The sum of one vector's lanes, in order. */
  static float sumLanes(float[] lanes, int at) {
    float sum = 0f;
    for (int i = 0; i < LANES; i++) {
      sum += lanes[at + i];
    }
    return sum;
  }

  /** The largest of {@code x[at .. at + length)}, whole vectors. */
  static float max(float[] x, int at, int length) {
    FloatVector max = FloatVector.fromArray(F, x, at);
    for (int i = LANES; i < length; i += LANES) {
      max = max.max(FloatVector.fromArray(F, x, at + i));
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  /** {@code x *= factor} over whole vectors. */
  static void scale(float[] x, int at, int length, float factor) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector.fromArray(F, x, at + i).mul(factor).intoArray(x, at + i);
    }
  }

  /** {@code x = cap * tanh(x / cap)} over whole vectors, to about 4e-7 relative. */
  static void softCap(float[] x, int at, int length, float cap) {
    FloatVector limit = FloatVector.broadcast(F, Lambert.ARGUMENT_MAX);
    FloatVector inverse = FloatVector.broadcast(F, 1f / cap);
    for (int i = 0; i < length; i += LANES) {
      FloatVector z = FloatVector.fromArray(F, x, at + i).mul(inverse).min(limit).max(limit.neg());
      FloatVector y = z.mul(z);
      FloatVector p = FloatVector.broadcast(F, Lambert.NUMERATOR[Lambert.DEGREE]);
      FloatVector q = FloatVector.broadcast(F, Lambert.DENOMINATOR[Lambert.DEGREE]);
      for (int k = Lambert.DEGREE - 1; k >= 0; k--) {
        p = p.fma(y, FloatVector.broadcast(F, Lambert.NUMERATOR[k]));
        q = q.fma(y, FloatVector.broadcast(F, Lambert.DENOMINATOR[k]));
      }
      p.mul(z).div(q).mul(cap).intoArray(x, at + i);
    }
  }
}
