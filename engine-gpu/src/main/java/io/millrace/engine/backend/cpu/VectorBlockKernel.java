package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * One block of 32 inputs of a group of quantised rows, unpacked to whole numbers in float32, x int8
 * activations of one tile of four rows.
 *
 * <p>A block's sum is at most 32 x 128 x 127, less than 2^24: exact, in any order. Unpacking apart
 * from multiplying keeps both loops within sixteen vector registers, and serves all tiles at once.
 */
final class VectorBlockKernel {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();

  private static final int F16_MASK = 0x8fffffff;
  private static final int F16_UPPER_MASK = 0x8fffe000; // and without the bits of the lower half
  private static final float F16_REBIAS = 0x1p112f;

  private VectorBlockKernel() {}

  /**
   * Adds the block's share to the tile's outputs.
   *
   * @param weights {@code [32 inputs][a, b][LANES]}
   * @param weightScales the block's scales from {@code scalesAt} on
   * @param values {@code [32 inputs][4 rows]} from {@code valuesAt} on
   * @param scales the four rows' scales from {@code valuesAt / 32} on
   * @param out the group's outputs, row i from {@code at + i x stride} on
   */
  static void addFour(
      float[] weights,
      int[] weightScales,
      int scalesAt,
      float[] values,
      int valuesAt,
      float[] scales,
      float[] out,
      int at,
      int stride) {
    FloatVector a0 = FloatVector.zero(F);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector b2 = a0;
    FloatVector b3 = a0;
    for (int k = 0; k < Int8Blocks.BLOCK; k++) {
      FloatVector a = FloatVector.fromArray(F, weights, 2 * k * LANES);
      FloatVector b = FloatVector.fromArray(F, weights, 2 * k * LANES + LANES);
      int i = valuesAt + 4 * k;
      FloatVector x0 = FloatVector.broadcast(F, values[i]);
      FloatVector x1 = FloatVector.broadcast(F, values[i + 1]);
      FloatVector x2 = FloatVector.broadcast(F, values[i + 2]);
      FloatVector x3 = FloatVector.broadcast(F, values[i + 3]);
      a0 = a.fma(x0, a0);
      a1 = a.fma(x1, a1);
      a2 = a.fma(x2, a2);
      a3 = a.fma(x3, a3);
      b0 = b.fma(x0, b0);
      b1 = b.fma(x1, b1);
      b2 = b.fma(x2, b2);
      b3 = b.fma(x3, b3);
    }
    IntVector halves = IntVector.fromArray(I, weightScales, scalesAt);
    IntVector upper = halves.lanewise(VectorOperators.ASHR, 3).and(F16_UPPER_MASK);
    IntVector lower =
        halves.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(F16_MASK);
    FloatVector da = ((FloatVector) lower.reinterpretShape(F, 0)).mul(F16_REBIAS);
    FloatVector db = ((FloatVector) upper.reinterpretShape(F, 0)).mul(F16_REBIAS);
    int scaleAt = valuesAt / Int8Blocks.BLOCK;
    int at1 = at + stride;
    int at2 = at1 + stride;
    int at3 = at2 + stride;
    float d = scales[scaleAt];
    a0.fma(da.mul(d), FloatVector.fromArray(F, out, at)).intoArray(out, at);
    b0.fma(db.mul(d), FloatVector.fromArray(F, out, at + LANES)).intoArray(out, at + LANES);
    d = scales[scaleAt + 1];
    a1.fma(da.mul(d), FloatVector.fromArray(F, out, at1)).intoArray(out, at1);
    b1.fma(db.mul(d), FloatVector.fromArray(F, out, at1 + LANES)).intoArray(out, at1 + LANES);
    d = scales[scaleAt + 2];
    a2.fma(da.mul(d), FloatVector.fromArray(F, out, at2)).intoArray(out, at2);
    b2.fma(db.mul(d), FloatVector.fromArray(F, out, at2 + LANES)).intoArray(out, at2 + LANES);
    d = scales[scaleAt + 3];
    a3.fma(da.mul(d), FloatVector.fromArray(F, out, at3)).intoArray(out, at3);
    b3.fma(db.mul(d), FloatVector.fromArray(F, out, at3 + LANES)).intoArray(out, at3 + LANES);
  }
}
