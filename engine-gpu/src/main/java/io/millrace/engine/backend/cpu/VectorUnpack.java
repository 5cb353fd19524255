package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Turns the planes of {@link VectorBlocks} into int16 numbers, {@code [inputs][a0, b0, a1, ..]}.
 */
final class VectorUnpack {
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Short> S = ShortVector.SPECIES_PREFERRED;
  private static final int LANES = I.length();
  private static final int STEP = 2 * LANES;

  private VectorUnpack() {}

  /** Unpacks some blocks of a group to {@code to[at..]}. */
  static void unpack(VectorBlocks w, int group, int block, int blocks, short[] to, int at) {
    VectorPacking packing = w.packing;
    int first = group * (w.columns / Int8Blocks.BLOCK) + block;
    int lowAt = first * 2 * packing.lowBits() * LANES;
    switch (packing.lowBits()) {
      case 4 -> nibbles(w.low, lowAt, blocks, packing.e2m1() ? 0 : packing.zero(), to, at);
      default -> pairs(w.low, lowAt, blocks, packing.zero(), to, at);
    }
    if (packing.e2m1()) {
      e2m1(blocks, to, at);
    }
    int highBits = packing.highBits();
    if (highBits > 0) {
      add(w.high, first * 2 * highBits * LANES, blocks, highBits, packing.lowBits(), to, at);
    }
  }

  private static void nibbles(int[] plane, int from, int blocks, int zero, short[] to, int at) {
    ShortVector zeros = ShortVector.broadcast(S, (short) zero);
    for (int v = 0; v < blocks * 8; v++) {
      IntVector four = IntVector.fromArray(I, plane, from + v * LANES);
      int i = at + v * 4 * STEP;
      IntVector n0 = four.and(0x000f000f);
      IntVector n1 = four.lanewise(VectorOperators.LSHR, 4).and(0x000f000f);
      IntVector n2 = four.lanewise(VectorOperators.LSHR, 8).and(0x000f000f);
      IntVector n3 = four.lanewise(VectorOperators.LSHR, 12).and(0x000f000f);
      ((ShortVector) n0.reinterpretShape(S, 0)).sub(zeros).intoArray(to, i);
      ((ShortVector) n1.reinterpretShape(S, 0)).sub(zeros).intoArray(to, i + STEP);
      ((ShortVector) n2.reinterpretShape(S, 0)).sub(zeros).intoArray(to, i + 2 * STEP);
      ((ShortVector) n3.reinterpretShape(S, 0)).sub(zeros).intoArray(to, i + 3 * STEP);
    }
  }

  private static void pairs(int[] plane, int from, int blocks, int zero, short[] to, int at) {
    ShortVector zeros = ShortVector.broadcast(S, (short) zero);
    for (int v = 0; v < blocks * 4; v++) {
      IntVector eight = IntVector.fromArray(I, plane, from + v * LANES);
      for (int i = 0; i < 8; i++) {
        IntVector bits = eight.lanewise(VectorOperators.LSHR, 2 * i).and(0x00030003);
        ((ShortVector) bits.reinterpretShape(S, 0))
            .sub(zeros)
            .intoArray(to, at + (v * 8 + i) * STEP);
      }
    }
  }

  /** Adds a plane of one or two bits, moved up by {@code position}. */
  private static void add(
      int[] plane, int from, int blocks, int bits, int position, short[] to, int at) {
    int perHalf = 16 / bits;
    int mask = ((1 << bits) - 1) * 0x10001;
    for (int v = 0; v < blocks * 2 * bits; v++) {
      IntVector fields = IntVector.fromArray(I, plane, from + v * LANES);
      for (int i = 0; i < perHalf; i++) {
        int k = at + (v * perHalf + i) * STEP;
        IntVector high = fields.and(mask).lanewise(VectorOperators.LSHL, position);
        ShortVector.fromArray(S, to, k)
            .add((ShortVector) high.reinterpretShape(S, 0))
            .intoArray(to, k);
        fields = fields.lanewise(VectorOperators.LSHR, bits);
      }
    }
  }

  /** Numbers of one sign bit and three of E2M1 to twice their value, in place. */
  private static void e2m1(int blocks, short[] x, int at) {
    for (int i = 0; i < blocks * Int8Blocks.BLOCK; i++) {
      ShortVector bits = ShortVector.fromArray(S, x, at + i * STEP);
      ShortVector m = bits.and((short) 7);
      ShortVector above4 = m.sub((short) 4).max((short) 0);
      ShortVector above6 = m.sub((short) 6).max((short) 0);
      ShortVector magnitude = m.add(above4).add(above6).add(above6);
      ShortVector sign = bits.lanewise(VectorOperators.LSHL, 12).lanewise(VectorOperators.ASHR, 15);
      magnitude.lanewise(VectorOperators.XOR, sign).sub(sign).intoArray(x, at + i * STEP);
    }
  }
}
