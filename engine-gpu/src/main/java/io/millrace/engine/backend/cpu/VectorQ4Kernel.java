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
  private static final int LANES = F.length();

  private static final int F16_MASK = 0x8fffffff;
  private static final float F16_REBIAS = 0x1p112f;

  private VectorQ4Kernel() {}

  /** Turns one block of a group into whole numbers, {@code [32 inputs][a, b][LANES]}. */
  static void unpack(VectorWeight w, int group, int block, float[] to) {
    int[] packed = w.packed();
    int wAt = group * w.groupElements() + block * 8 * LANES;
    for (int j = 0; j < 8; j++) {
      IntVector w4 = IntVector.fromArray(I, packed, wAt + j * LANES);
      int at = j * 8 * LANES;
      toFloat(w4).intoArray(to, at);
      toFloat(w4.lanewise(VectorOperators.LSHR, 16)).intoArray(to, at + LANES);
      toFloat(w4.lanewise(VectorOperators.LSHR, 4)).intoArray(to, at + 2 * LANES);
      toFloat(w4.lanewise(VectorOperators.LSHR, 20)).intoArray(to, at + 3 * LANES);
      toFloat(w4.lanewise(VectorOperators.LSHR, 8)).intoArray(to, at + 4 * LANES);
      toFloat(w4.lanewise(VectorOperators.LSHR, 24)).intoArray(to, at + 5 * LANES);
      toFloat(w4.lanewise(VectorOperators.LSHR, 12)).intoArray(to, at + 6 * LANES);
      toFloat(w4.lanewise(VectorOperators.LSHR, 28)).intoArray(to, at + 7 * LANES);
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
    FloatVector a = FloatVector.zero(F);
    FloatVector b = a;
    for (int block = 0; block < blocks; block++) {
      ShortVector s = IntVector.broadcast(I, x.starts[block]).reinterpretAsShorts();
      for (int j = 0; j < 8; j++) {
        ShortVector w4 = IntVector.fromArray(I, packed, wAt + j * LANES).reinterpretAsShorts();
        int k = xAt + j * 4;
        ShortVector n = w4.and((short) 15);
        s = s.add(n.mul(IntVector.broadcast(I, pairs[k]).reinterpretAsShorts()));
        n = w4.lanewise(VectorOperators.LSHR, 4).and((short) 15);
        s = s.add(n.mul(IntVector.broadcast(I, pairs[k + 1]).reinterpretAsShorts()));
        n = w4.lanewise(VectorOperators.LSHR, 8).and((short) 15);
        s = s.add(n.mul(IntVector.broadcast(I, pairs[k + 2]).reinterpretAsShorts()));
        n = w4.lanewise(VectorOperators.LSHR, 12);
        s = s.add(n.mul(IntVector.broadcast(I, pairs[k + 3]).reinterpretAsShorts()));
      }
      IntVector halves = IntVector.fromArray(I, weightScales, wBlockAt);
      FloatVector da =
          halves
              .lanewise(VectorOperators.LSHL, 16)
              .lanewise(VectorOperators.ASHR, 3)
              .and(F16_MASK)
              .reinterpretAsFloats()
              .mul(F16_REBIAS);
      FloatVector db =
          halves
              .lanewise(VectorOperators.ASHR, 16)
              .lanewise(VectorOperators.LSHL, 13)
              .and(F16_MASK)
              .reinterpretAsFloats()
              .mul(F16_REBIAS);
      float d = x.scales[scalesAt + block];
      IntVector i = s.reinterpretAsInts();
      a = lower(i).fma(da.mul(d), a);
      b = upper(i).fma(db.mul(d), b);
      wAt += 8 * LANES;
      wBlockAt += LANES;
      xAt += Int8Blocks.BLOCK;
    }
    a.intoArray(out, at);
    b.intoArray(out, at + LANES);
  }

  /** The lower halves of the lanes, as floats. */
  private static FloatVector lower(IntVector shorts) {
    return (FloatVector)
        shorts
            .lanewise(VectorOperators.LSHL, 16)
            .lanewise(VectorOperators.ASHR, 16)
            .convert(VectorOperators.I2F, 0);
  }

  /** The upper halves of the lanes, as floats. */
  private static FloatVector upper(IntVector shorts) {
    return (FloatVector) shorts.lanewise(VectorOperators.ASHR, 16).convert(VectorOperators.I2F, 0);
  }

  /** The lowest four bits of every lane less 8, as floats. */
  private static FloatVector toFloat(IntVector nibbles) {
    return (FloatVector) nibbles.and(15).sub(8).convert(VectorOperators.I2F, 0);
  }
}
