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

  /** A tile of one row. */
  static void one(VectorWeight w, int group, VectorInput x, int tileAt, float[] out, int at) {
    int blocks = w.columns() / Int8Blocks.BLOCK;
    int[] packed = w.packed();
    int[] weightScales = w.scales();
    int[] pairs = x.pairs;
    int wAt = group * w.groupElements();
    int xAt = 0;
    int scalesAt = tileAt / Int8Blocks.BLOCK;
    int wBlockAt = group * blocks * LANES;
    FloatVector.zero(F).intoArray(out, at);
    FloatVector.zero(F).intoArray(out, at + LANES);
    for (int block = 0; block < blocks; block++) {
      ShortVector s = (ShortVector) IntVector.broadcast(I, x.starts[block]).reinterpretShape(S, 0);
      for (int j = 0; j < 8; j++) {
        IntVector w4 = IntVector.fromArray(I, packed, wAt + j * LANES);
        int k = xAt + j * 4;
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
      IntVector halves = IntVector.fromArray(I, weightScales, wBlockAt);
      FloatVector da =
          ((FloatVector)
                  halves
                      .lanewise(VectorOperators.LSHL, 16)
                      .lanewise(VectorOperators.ASHR, 3)
                      .and(F16_MASK)
                      .reinterpretShape(F, 0))
              .mul(F16_REBIAS);
      FloatVector db =
          ((FloatVector)
                  halves
                      .lanewise(VectorOperators.ASHR, 16)
                      .lanewise(VectorOperators.LSHL, 13)
                      .and(F16_MASK)
                      .reinterpretShape(F, 0))
              .mul(F16_REBIAS);
      float d = x.scales[scalesAt + block];
      IntVector i = (IntVector) s.reinterpretShape(I, 0);
      IntVector lower = i.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 16);
      IntVector upper = i.lanewise(VectorOperators.ASHR, 16);
      FloatVector a = FloatVector.fromArray(F, out, at);
      FloatVector b = FloatVector.fromArray(F, out, at + LANES);
      a = ((FloatVector) lower.convertShape(VectorOperators.I2F, F, 0)).fma(da.mul(d), a);
      b = ((FloatVector) upper.convertShape(VectorOperators.I2F, F, 0)).fma(db.mul(d), b);
      a.intoArray(out, at);
      b.intoArray(out, at + LANES);
      wAt += 8 * LANES;
      wBlockAt += LANES;
      xAt += Int8Blocks.BLOCK;
    }
  }
}
