package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Weights of 8 bits x tiles of four rows, in float32: sums of 32 products of whole numbers below
 * 2^14 are exact there, and a fused multiply-add does in one instruction what takes three in int16.
 */
final class VectorWideKernels {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();
  private static final int GROUP = 2 * LANES;

  private VectorWideKernels() {}

  /** Unpacks some blocks of a plane of bytes to {@code to}, {@code [inputs][a, b][LANES]}. */
  static void unpack(int[] plane, int from, int blocks, float[] to) {
    for (int v = 0; v < blocks * Int8Blocks.BLOCK / 2; v++) {
      IntVector four = IntVector.fromArray(I, plane, from + v * LANES);
      IntVector a0 = four.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24);
      IntVector a1 = four.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 24);
      IntVector b0 = four.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 24);
      IntVector b1 = four.lanewise(VectorOperators.ASHR, 24);
      int i = 4 * v * LANES;
      ((FloatVector) a0.convertShape(VectorOperators.I2F, F, 0)).intoArray(to, i);
      ((FloatVector) b0.convertShape(VectorOperators.I2F, F, 0)).intoArray(to, i + LANES);
      ((FloatVector) a1.convertShape(VectorOperators.I2F, F, 0)).intoArray(to, i + 2 * LANES);
      ((FloatVector) b1.convertShape(VectorOperators.I2F, F, 0)).intoArray(to, i + 3 * LANES);
    }
  }

  /**
   * Adds the products of one group, unpacked, with a tile of four rows.
   *
   * @param x the tile's inputs start at {@code xAt}, of the whole slab
   * @param out the group's outputs, row t from {@code at + t x stride} on
   */
  static void four(VectorSlab slab, VectorInput x, int xAt, float[] out, int at, int stride) {
    float[] w = slab.floats;
    float[] values = x.values;
    float[] sums = slab.floatSums;
    for (int block = 0; block < slab.blocks; block++) {
      FloatVector a0 = FloatVector.zero(F);
      FloatVector a1 = a0;
      FloatVector a2 = a0;
      FloatVector a3 = a0;
      FloatVector b0 = a0;
      FloatVector b1 = a0;
      FloatVector b2 = a0;
      FloatVector b3 = a0;
      int wAt = block * Int8Blocks.BLOCK * GROUP;
      int i = xAt + block * Int8Blocks.BLOCK * VectorInput.TILE;
      for (int k = 0; k < Int8Blocks.BLOCK; k++) {
        FloatVector a = FloatVector.fromArray(F, w, wAt + k * GROUP);
        FloatVector b = FloatVector.fromArray(F, w, wAt + k * GROUP + LANES);
        FloatVector x0 = FloatVector.broadcast(F, values[i + 4 * k]);
        FloatVector x1 = FloatVector.broadcast(F, values[i + 4 * k + 1]);
        FloatVector x2 = FloatVector.broadcast(F, values[i + 4 * k + 2]);
        FloatVector x3 = FloatVector.broadcast(F, values[i + 4 * k + 3]);
        a0 = a.fma(x0, a0);
        a1 = a.fma(x1, a1);
        a2 = a.fma(x2, a2);
        a3 = a.fma(x3, a3);
        b0 = b.fma(x0, b0);
        b1 = b.fma(x1, b1);
        b2 = b.fma(x2, b2);
        b3 = b.fma(x3, b3);
      }
      int to = block * VectorInput.TILE * GROUP;
      a0.intoArray(sums, to);
      b0.intoArray(sums, to + LANES);
      a1.intoArray(sums, to + 2 * LANES);
      b1.intoArray(sums, to + 3 * LANES);
      a2.intoArray(sums, to + 4 * LANES);
      b2.intoArray(sums, to + 5 * LANES);
      a3.intoArray(sums, to + 6 * LANES);
      b3.intoArray(sums, to + 7 * LANES);
    }
    scale(slab, x.scales, xAt / Int8Blocks.BLOCK, out, at, stride);
  }

  /** Block by block in order, as {@link VectorScaling} does it. */
  private static void scale(VectorSlab slab, float[] d, int dAt, float[] out, int at, int stride) {
    for (int row = 0; row < VectorInput.TILE; row++) {
      int to = at + row * stride;
      FloatVector a = FloatVector.fromArray(F, out, to);
      FloatVector b = FloatVector.fromArray(F, out, to + LANES);
      for (int block = 0; block < slab.blocks; block++) {
        float dx = d[dAt + block * VectorInput.TILE + row];
        int from = (block * VectorInput.TILE + row) * GROUP;
        FloatVector da = FloatVector.fromArray(F, slab.scales, block * GROUP).mul(dx);
        FloatVector db = FloatVector.fromArray(F, slab.scales, block * GROUP + LANES).mul(dx);
        a = FloatVector.fromArray(F, slab.floatSums, from).fma(da, a);
        b = FloatVector.fromArray(F, slab.floatSums, from + LANES).fma(db, b);
      }
      a.intoArray(out, to);
      b.intoArray(out, to + LANES);
    }
  }
}
