package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Gated linear units over whole vectors of the range {@code [from, to)}. */
final class VectorGlu {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();

  /** {@code (1 + tanh(u)) / 2 = 1 / (1 + e^-2u)}, hence the factor 2 of sqrt(2 / pi). */
  private static final float GELU_FACTOR = (float) (2 * Math.sqrt(2 / Math.PI));

  private static final float GELU_CUBE = (float) (2 * Math.sqrt(2 / Math.PI) * 0.044715);

  private VectorGlu() {}

  /**
   * {@code gate = gate / (1 + e^-gate) * up}.
   *
   * @param exps scratch, at least {@code to - from}
   */
  static void silu(float[] gate, float[] up, int from, int to, float[] exps) {
    VectorMath.exp(gate, from, to - from, -1f, 0f, exps, 0);
    divide(gate, up, from, to, exps);
  }

  /**
   * {@code gate = gate / (1 + e^-u) * up} with {@code u = 2 sqrt(2 / pi) (gate + 0.044715 gate^3)}.
   *
   * @param exps scratch, at least {@code to - from}
   */
  static void geluTanh(float[] gate, float[] up, int from, int to, float[] exps) {
    FloatVector linear = FloatVector.broadcast(F, GELU_FACTOR);
    FloatVector cube = FloatVector.broadcast(F, GELU_CUBE);
    for (int i = from; i < to; i += LANES) {
      FloatVector g = FloatVector.fromArray(F, gate, i);
      g.mul(g).fma(cube, linear).mul(g).intoArray(exps, i - from);
    }
    VectorMath.exp(exps, 0, to - from, -1f, 0f, exps, 0);
    divide(gate, up, from, to, exps);
  }

  /** {@code gate = max(0, gate)^2 * up}. */
  static void reluSquared(float[] gate, float[] up, int from, int to) {
    for (int i = from; i < to; i += LANES) {
      FloatVector g = FloatVector.fromArray(F, gate, i).max(0f);
      g.mul(g).mul(FloatVector.fromArray(F, up, i)).intoArray(gate, i);
    }
  }

  /** {@code gate = gate / (1 + exps) * up}. */
  private static void divide(float[] gate, float[] up, int from, int to, float[] exps) {
    FloatVector one = FloatVector.broadcast(F, 1f);
    for (int i = from; i < to; i += LANES) {
      FloatVector g = FloatVector.fromArray(F, gate, i);
      FloatVector u = FloatVector.fromArray(F, up, i);
      g.div(FloatVector.fromArray(F, exps, i - from).add(one)).mul(u).intoArray(gate, i);
    }
  }
}
