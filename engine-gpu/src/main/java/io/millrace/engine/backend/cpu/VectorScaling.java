package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Adds the sums of a slab to the outputs, sub-block by sub-block in order, each times the product
 * of its two scales; right after it what the minimum makes of the activations' own sum.
 *
 * <p>A lane of a sum holds row a in its lower half, row b in its upper.
 */
final class VectorScaling {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();
  private static final int GROUP = 2 * LANES;

  private VectorScaling() {}

  /**
   * @param x the tile's inputs start at {@code xAt}, of the whole slab
   * @param out the first group's outputs, row t from {@code at + t x stride} on
   */
  static void add(
      VectorPacking packing,
      VectorSlab slab,
      VectorInput x,
      int xAt,
      float[] out,
      int at,
      int stride) {
    int dAt = xAt / Int8Blocks.BLOCK;
    int sumsAt = xAt / VectorInput.SUM;
    if (packing.wide()) {
      pairs(slab, x.scales, dAt, out, at, stride);
    } else if (packing.run() == packing.subBlock()) {
      if (packing.hasMin()) {
        oneRunWithMin(slab, x.scales, dAt, x.sums, sumsAt, out, at, stride);
      } else {
        oneRun(slab, x.scales, dAt, out, at, stride);
      }
    } else if (packing.hasMin()) {
      twoRunsWithMin(slab, x.scales, dAt, x.sums, sumsAt, out, at, stride);
    } else {
      twoRuns(slab, x.scales, dAt, out, at, stride);
    }
  }

  /** Ints from one run to the next. */
  private static int perRun(VectorSlab slab) {
    return 2 * slab.rows * LANES;
  }

  private static void oneRun(VectorSlab slab, float[] d, int dAt, float[] out, int at, int stride) {
    int rows = slab.rows;
    int rowBits = rows >> 1;
    int perRun = perRun(slab);
    int halving = slab.perBlock - 1;
    int subBlocks = slab.blocks * slab.perBlock;
    for (int cell = 0; cell < slab.groups * rows; cell++) {
      int row = cell & rows - 1; // 1, 2 or 4: no division
      int group = cell >> rowBits;
      int to = at + row * stride + group * GROUP;
      int scaleAt = group * VectorSlab.GROUP_SCALES;
      FloatVector a = FloatVector.fromArray(F, out, to);
      FloatVector b = FloatVector.fromArray(F, out, to + LANES);
      for (int s = 0; s < subBlocks; s++) {
        IntVector both = IntVector.fromArray(I, slab.sums, cell * LANES + s * perRun);
        FloatVector da = FloatVector.fromArray(F, slab.scales, scaleAt + s * GROUP);
        FloatVector db = FloatVector.fromArray(F, slab.scales, scaleAt + s * GROUP + LANES);
        float dx = d[dAt + (s >> halving) * rows + row];
        IntVector sa = both.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
        IntVector sb = both.lanewise(VectorOperators.ASHR, 16);
        a = ((FloatVector) sa.convertShape(VectorOperators.I2F, F, 0)).fma(da.mul(dx), a);
        b = ((FloatVector) sb.convertShape(VectorOperators.I2F, F, 0)).fma(db.mul(dx), b);
      }
      a.intoArray(out, to);
      b.intoArray(out, to + LANES);
    }
  }

  private static void twoRuns(
      VectorSlab slab, float[] d, int dAt, float[] out, int at, int stride) {
    int rows = slab.rows;
    int rowBits = rows >> 1;
    int perRun = perRun(slab);
    int halving = slab.perBlock - 1;
    int subBlocks = slab.blocks * slab.perBlock;
    for (int cell = 0; cell < slab.groups * rows; cell++) {
      int row = cell & rows - 1; // 1, 2 or 4: no division
      int group = cell >> rowBits;
      int to = at + row * stride + group * GROUP;
      int scaleAt = group * VectorSlab.GROUP_SCALES;
      FloatVector a = FloatVector.fromArray(F, out, to);
      FloatVector b = FloatVector.fromArray(F, out, to + LANES);
      for (int s = 0; s < subBlocks; s++) {
        int from = cell * LANES + 2 * s * perRun;
        IntVector r0 = IntVector.fromArray(I, slab.sums, from);
        IntVector r1 = IntVector.fromArray(I, slab.sums, from + perRun);
        FloatVector da = FloatVector.fromArray(F, slab.scales, scaleAt + s * GROUP);
        FloatVector db = FloatVector.fromArray(F, slab.scales, scaleAt + s * GROUP + LANES);
        float dx = d[dAt + (s >> halving) * rows + row];
        IntVector sa0 = r0.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
        IntVector sa1 = r1.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
        IntVector sa = sa0.add(sa1);
        IntVector sb =
            r0.lanewise(VectorOperators.ASHR, 16).add(r1.lanewise(VectorOperators.ASHR, 16));
        a = ((FloatVector) sa.convertShape(VectorOperators.I2F, F, 0)).fma(da.mul(dx), a);
        b = ((FloatVector) sb.convertShape(VectorOperators.I2F, F, 0)).fma(db.mul(dx), b);
      }
      a.intoArray(out, to);
      b.intoArray(out, to + LANES);
    }
  }

  /** Of {@link VectorDirectProducts#bytesOne}: low sums, then high sums. */
  private static void pairs(VectorSlab slab, float[] d, int dAt, float[] out, int at, int stride) {
    int rows = slab.rows;
    int rowBits = rows >> 1;
    int perRun = perRun(slab);
    for (int cell = 0; cell < slab.groups * rows; cell++) {
      int row = cell & rows - 1; // 1, 2 or 4: no division
      int group = cell >> rowBits;
      int to = at + row * stride + group * GROUP;
      int scaleAt = group * VectorSlab.GROUP_SCALES;
      FloatVector a = FloatVector.fromArray(F, out, to);
      FloatVector b = FloatVector.fromArray(F, out, to + LANES);
      for (int block = 0; block < slab.blocks; block++) {
        int from = cell * LANES + 2 * block * perRun;
        IntVector low = IntVector.fromArray(I, slab.sums, from);
        IntVector high = IntVector.fromArray(I, slab.sums, from + perRun);
        FloatVector da = FloatVector.fromArray(F, slab.scales, scaleAt + block * GROUP);
        FloatVector db = FloatVector.fromArray(F, slab.scales, scaleAt + block * GROUP + LANES);
        float dx = d[dAt + block * rows + row];
        // sum = 256 high + rest, where rest = low - 256 high modulo 2^16 and 0 <= rest < 2^12
        IntVector rest =
            low.reinterpretAsShorts()
                .sub(high.reinterpretAsShorts().lanewise(VectorOperators.LSHL, 8))
                .reinterpretAsInts();
        IntVector ha = high.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 8);
        IntVector hb = high.and(0xffff0000).lanewise(VectorOperators.ASHR, 8);
        IntVector sa = ha.add(rest.and(0xffff));
        IntVector sb = hb.add(rest.lanewise(VectorOperators.LSHR, 16));
        a = ((FloatVector) sa.convertShape(VectorOperators.I2F, F, 0)).fma(da.mul(dx), a);
        b = ((FloatVector) sb.convertShape(VectorOperators.I2F, F, 0)).fma(db.mul(dx), b);
      }
      a.intoArray(out, to);
      b.intoArray(out, to + LANES);
    }
  }

  private static void oneRunWithMin(
      VectorSlab slab, float[] d, int dAt, int[] x, int xAt, float[] out, int at, int stride) {
    int rows = slab.rows;
    int rowBits = rows >> 1;
    int perRun = perRun(slab);
    int halving = slab.perBlock - 1;
    int subBlocks = slab.blocks * slab.perBlock;
    for (int cell = 0; cell < slab.groups * rows; cell++) {
      int row = cell & rows - 1; // 1, 2 or 4: no division
      int group = cell >> rowBits;
      int to = at + row * stride + group * GROUP;
      int scaleAt = group * VectorSlab.GROUP_SCALES;
      FloatVector a = FloatVector.fromArray(F, out, to);
      FloatVector b = FloatVector.fromArray(F, out, to + LANES);
      for (int s = 0; s < subBlocks; s++) {
        int half = xAt + (halving == 0 ? 2 * s : s) * rows + row;
        int inputs = halving == 0 ? x[half] + x[half + rows] : x[half];
        IntVector both = IntVector.fromArray(I, slab.sums, cell * LANES + s * perRun);
        float dx = d[dAt + (s >> halving) * rows + row];
        int scale = scaleAt + s * GROUP;
        FloatVector da = FloatVector.fromArray(F, slab.scales, scale).mul(dx);
        FloatVector db = FloatVector.fromArray(F, slab.scales, scale + LANES).mul(dx);
        FloatVector ma = FloatVector.fromArray(F, slab.mins, scale).mul(dx);
        FloatVector mb = FloatVector.fromArray(F, slab.mins, scale + LANES).mul(dx);
        IntVector sa = both.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
        IntVector sb = both.lanewise(VectorOperators.ASHR, 16);
        sa = sa.add(slab.offset * inputs);
        sb = sb.add(slab.offset * inputs);
        FloatVector n = FloatVector.broadcast(F, inputs);
        a = ((FloatVector) sa.convertShape(VectorOperators.I2F, F, 0)).fma(da, a);
        b = ((FloatVector) sb.convertShape(VectorOperators.I2F, F, 0)).fma(db, b);
        a = n.fma(ma, a);
        b = n.fma(mb, b);
      }
      a.intoArray(out, to);
      b.intoArray(out, to + LANES);
    }
  }

  private static void twoRunsWithMin(
      VectorSlab slab, float[] d, int dAt, int[] x, int xAt, float[] out, int at, int stride) {
    int rows = slab.rows;
    int rowBits = rows >> 1;
    int perRun = perRun(slab);
    for (int cell = 0; cell < slab.groups * rows; cell++) {
      int row = cell & rows - 1; // 1, 2 or 4: no division
      int group = cell >> rowBits;
      int to = at + row * stride + group * GROUP;
      int scaleAt = group * VectorSlab.GROUP_SCALES;
      FloatVector a = FloatVector.fromArray(F, out, to);
      FloatVector b = FloatVector.fromArray(F, out, to + LANES);
      for (int block = 0; block < slab.blocks; block++) { // no such type has smaller sub-blocks
        int half = xAt + 2 * block * rows + row;
        int inputs = x[half] + x[half + rows];
        int from = cell * LANES + 2 * block * perRun;
        IntVector r0 = IntVector.fromArray(I, slab.sums, from);
        IntVector r1 = IntVector.fromArray(I, slab.sums, from + perRun);
        float dx = d[dAt + block * rows + row];
        int scale = scaleAt + block * GROUP;
        FloatVector da = FloatVector.fromArray(F, slab.scales, scale).mul(dx);
        FloatVector db = FloatVector.fromArray(F, slab.scales, scale + LANES).mul(dx);
        FloatVector ma = FloatVector.fromArray(F, slab.mins, scale).mul(dx);
        FloatVector mb = FloatVector.fromArray(F, slab.mins, scale + LANES).mul(dx);
        IntVector sa0 = r0.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
        IntVector sa1 = r1.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
        IntVector sa = sa0.add(sa1).add(slab.offset * inputs);
        IntVector sb0 = r0.lanewise(VectorOperators.ASHR, 16);
        IntVector sb = sb0.add(r1.lanewise(VectorOperators.ASHR, 16)).add(slab.offset * inputs);
        FloatVector n = FloatVector.broadcast(F, inputs);
        a = ((FloatVector) sa.convertShape(VectorOperators.I2F, F, 0)).fma(da, a);
        b = ((FloatVector) sb.convertShape(VectorOperators.I2F, F, 0)).fma(db, b);
        a = n.fma(ma, a);
        b = n.fma(mb, b);
      }
      a.intoArray(out, to);
      b.intoArray(out, to + LANES);
    }
  }
}
