package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Q8_0 weights of one group of rows x int8 activations of one tile.
 *
 * <p>Both are turned into whole numbers in float32: a block's sum is at most 32 x 128 x 127, which
 * is less than 2^24, so it is exact in any order, and a fused multiply-add costs no more than the
 * integer instructions the Vector API offers.
 */
final class VectorQ8Kernel {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();

  private static final int F16_MASK = 0x8fffffff;
  private static final int F16_UPPER_MASK = 0x8fffe000; // and without the bits of the lower half
  private static final float F16_REBIAS = 0x1p112f;

  private VectorQ8Kernel() {}

  /** Turns one block of a group into whole numbers, {@code [32 inputs][a, b][LANES]}. */
  static void unpack(VectorWeight w, int group, int block, float[] to) {
    int[] packed = w.packed();
    int wAt = group * w.groupElements() + block * 16 * LANES;
    for (int j = 0; j < 16; j++) {
      IntVector w2 = IntVector.fromArray(I, packed, wAt + j * LANES);
      for (int i = 0; i < 4; i++) {
        IntVector w1 =
            w2.lanewise(VectorOperators.LSHL, 24 - 8 * i).lanewise(VectorOperators.ASHR, 24);
        ((FloatVector) w1.convertShape(VectorOperators.I2F, F, 0))
            .intoArray(to, (4 * j + i) * LANES);
      }
    }
  }

  /** A tile of one row. Even and odd inputs have a sum each, which is twice as fast. */
  static void one(VectorWeight w, int group, VectorInput x, int tileAt, float[] out, int at) {
    int blocks = w.columns() / Int8Blocks.BLOCK;
    int[] packed = w.packed();
    int[] weightScales = w.scales();
    float[] values = x.values;
    int wAt = group * w.groupElements();
    int xAt = tileAt;
    int xBlockAt = tileAt / Int8Blocks.BLOCK;
    int wBlockAt = group * blocks * LANES;
    FloatVector zero = FloatVector.zero(F);
    FloatVector a = zero;
    FloatVector b = zero;
    for (int block = 0; block < blocks; block++) {
      FloatVector p0 = zero;
      FloatVector p1 = zero;
      FloatVector q0 = zero;
      FloatVector q1 = zero;
      for (int j = 0; j < 16; j++) {
        IntVector w2 = IntVector.fromArray(I, packed, wAt + j * LANES);
        FloatVector x0 = FloatVector.broadcast(F, values[xAt + 2 * j]);
        FloatVector x1 = FloatVector.broadcast(F, values[xAt + 2 * j + 1]);
        IntVector a0 = w2.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24);
        IntVector b0 = w2.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 24);
        IntVector a1 = w2.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 24);
        IntVector b1 = w2.lanewise(VectorOperators.ASHR, 24);
        p0 = ((FloatVector) a0.convertShape(VectorOperators.I2F, F, 0)).fma(x0, p0);
        q0 = ((FloatVector) b0.convertShape(VectorOperators.I2F, F, 0)).fma(x0, q0);
        p1 = ((FloatVector) a1.convertShape(VectorOperators.I2F, F, 0)).fma(x1, p1);
        q1 = ((FloatVector) b1.convertShape(VectorOperators.I2F, F, 0)).fma(x1, q1);
      }
      IntVector halves = IntVector.fromArray(I, weightScales, wBlockAt);
      IntVector upper = halves.lanewise(VectorOperators.ASHR, 3).and(F16_UPPER_MASK);
      IntVector lower =
          halves.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(F16_MASK);
      FloatVector da = ((FloatVector) lower.reinterpretShape(F, 0)).mul(F16_REBIAS);
      FloatVector db = ((FloatVector) upper.reinterpretShape(F, 0)).mul(F16_REBIAS);
      float d = x.scales[xBlockAt];
      a = p0.add(p1).fma(da.mul(d), a);
      b = q0.add(q1).fma(db.mul(d), b);
      wAt += 16 * LANES;
      wBlockAt += LANES;
      xAt += Int8Blocks.BLOCK;
      xBlockAt++;
    }
    a.intoArray(out, at);
    b.intoArray(out, at + LANES);
  }
}
