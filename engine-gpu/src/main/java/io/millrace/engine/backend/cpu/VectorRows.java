package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Operations on single rows of whole vectors: strides are multiples of the vector's length. */
final class VectorRows {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();

  private final float[] lanes = new float[LANES];

  /** One row of RMS normalisation; padding is 0 and adds nothing to the mean of {@code columns}. */
  void rmsNorm(
      float[] x, int at, int stride, int columns, float[] gain, float epsilon, float[] out) {
    FloatVector squares = FloatVector.zero(F);
    for (int i = 0; i < stride; i += LANES) {
      FloatVector v = FloatVector.fromArray(F, x, at + i);
      squares = v.fma(v, squares);
    }
    squares.intoArray(lanes, 0);
    float mean = VectorMath.sumLanes(lanes, 0) / columns;
    float factor = (float) (1 / Math.sqrt(mean + epsilon));
    for (int i = 0; i < stride; i += LANES) {
      FloatVector.fromArray(F, x, at + i)
          .mul(factor)
          .mul(FloatVector.fromArray(F, gain, i))
          .intoArray(out, at + i);
    }
  }

  /**
   * {@code gate = gate / (1 + e^-gate) * up} over {@code [from, to)}.
   *
   * @param exps scratch, at least {@code to - from}
   */
  static void swiglu(float[] gate, float[] up, int from, int to, float[] exps) {
    VectorMath.exp(gate, from, to - from, -1f, 0f, exps, 0);
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = from; i < to; i += LANES) {
      FloatVector g = FloatVector.fromArray(F, gate, i);
      FloatVector u = FloatVector.fromArray(F, up, i);
      g.div(FloatVector.fromArray(F, exps, i - from).add(one)).mul(u).intoArray(gate, i);
    }
  }

  /** {@code x += y} over {@code [0, to)}. */
  static void add(float[] x, float[] y, int to) {
    for (int i = 0; i < to; i += LANES) {
      FloatVector.fromArray(F, x, i).add(FloatVector.fromArray(F, y, i)).intoArray(x, i);
    }
  }
}
