package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Q4_0 weights of one group of rows x int8 activations of one tile.
 *
 * <p>A block adds up exactly in int16, in any order: 32 products of at most 8 x 127 are 32512 at
 * most. The nibbles are used as they are, 0 to 15, which may wrap around on the way but not at the
 * end, since the sum starts at -8 x the sum of the activations. Short lane 2i is row i of half a,
 * 2i + 1 of half b (see {@link VectorWeight}).
 */
final class VectorQ4Kernel {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> S = ShortVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();

  private static final int NIBBLES = 0x000f000f; // of both halves of a lane
  private static final int F16_MASK = 0x8fffffff;
  private static final int F16_UPPER_MASK = 0x8fffe000; // and without the bits of the lower half
  private static final float F16_REBIAS = 0x1p112f;

  private VectorQ4Kernel() {}

  /** Turns one block of a group into whole numbers, {@code [32 inputs][a, b][LANES]}. */
  static void unpack(VectorWeight w, int group, int block, float[] to) {
    int[] packed = w.packed();
    int wAt = group * w.groupElements() + block * 8 * LANES;
    for (int j = 0; j < 8; j++) {
      IntVector w4 = IntVector.fromArray(I, packed, wAt + j * LANES);
      for (int i = 0; i < 4; i++) {
        IntVector a = w4.lanewise(VectorOperators.LSHR, 4 * i).and(15).sub(8);
        IntVector b = w4.lanewise(VectorOperators.LSHR, 4 * i + 16).and(15).sub(8);
        int at = (4 * j + i) * 2 * LANES;
        ((FloatVector) a.convertShape(VectorOperators.I2F, F, 0)).intoArray(to, at);
        ((FloatVector) b.convertShape(VectorOperators.I2F, F, 0)).intoArray(to, at + LANES);
      }
    }
  }

  /**
   * The sums of all blocks of one row of activations, {@code sums[block][LANES]}, half b in the
   * upper 16 bits. Apart from {@link #scaleOne}, because the compiler gives up on longer methods of
   * vectors.
   */
  static void sumOne(VectorWeight w, int group, VectorInput x, int[] sums) {
    int blocks = w.columns() / Int8Blocks.BLOCK;
    int[] packed = w.packed();
    int[] pairs = x.pairs;
    int wAt = group * w.groupElements();
    for (int block = 0; block < blocks; block++) {
      ShortVector s = (ShortVector) IntVector.broadcast(I, x.starts[block]).reinterpretShape(S, 0);
      for (int j = 0; j < 8; j++) {
        IntVector w4 = IntVector.fromArray(I, packed, wAt + j * LANES);
        int k = block * Int8Blocks.BLOCK + j * 4;
        IntVector x0 = IntVector.broadcast(I, pairs[k]);
        IntVector x1 = IntVector.broadcast(I, pairs[k + 1]);
        IntVector x2 = IntVector.broadcast(I, pairs[k + 2]);
        IntVector x3 = IntVector.broadcast(I, pairs[k + 3]);
        IntVector n0 = w4.and(NIBBLES);
        IntVector n1 = w4.lanewise(VectorOperators.LSHR, 4).and(NIBBLES);
        IntVector n2 = w4.lanewise(VectorOperators.LSHR, 8).and(NIBBLES);
        IntVector n3 = w4.lanewise(VectorOperators.LSHR, 12).and(NIBBLES);
        s = s.add(n0.reinterpretShape(S, 0).mul(x0.reinterpretShape(S, 0)));
        s = s.add(n1.reinterpretShape(S, 0).mul(x1.reinterpretShape(S, 0)));
        s = s.add(n2.reinterpretShape(S, 0).mul(x2.reinterpretShape(S, 0)));
        s = s.add(n3.reinterpretShape(S, 0).mul(x3.reinterpretShape(S, 0)));
      }
      ((IntVector) s.reinterpretShape(I, 0)).intoArray(sums, block * LANES);
      wAt += 8 * LANES;
    }
  }

  /**
   * Adds the blocks' sums up, each times its two scales, in order.
   *
   * @param scales the activations' scales, from {@code scalesAt} on
   */
  static void scaleOne(
      VectorWeight w, int group, int[] sums, float[] scales, int scalesAt, float[] out, int at) {
    int blocks = w.columns() / Int8Blocks.BLOCK;
    int[] weightScales = w.scales();
    int wAt = group * blocks * LANES;
    FloatVector a = FloatVector.zero(F);
    FloatVector b = FloatVector.zero(F);
    for (int block = 0; block < blocks; block++) {
      IntVector halves = IntVector.fromArray(I, weightScales, wAt + block * LANES);
      IntVector upper = halves.lanewise(VectorOperators.ASHR, 3).and(F16_UPPER_MASK);
      IntVector lower =
          halves.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(F16_MASK);
      float d = scales[scalesAt + block];
      FloatVector da = ((FloatVector) lower.reinterpretShape(F, 0)).mul(F16_REBIAS).mul(d);
      FloatVector db = ((FloatVector) upper.reinterpretShape(F, 0)).mul(F16_REBIAS).mul(d);
      IntVector both = IntVector.fromArray(I, sums, block * LANES);
      IntVector sa = both.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
      IntVector sb = both.lanewise(VectorOperators.ASHR, 16);
      a = ((FloatVector) sa.convertShape(VectorOperators.I2F, F, 0)).fma(da, a);
      b = ((FloatVector) sb.convertShape(VectorOperators.I2F, F, 0)).fma(db, b);
    }
    a.intoArray(out, at);
    b.intoArray(out, at + LANES);
  }
}
