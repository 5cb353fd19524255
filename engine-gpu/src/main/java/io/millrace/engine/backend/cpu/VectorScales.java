package io.millrace.engine.backend.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Turns the scales and minima of {@link VectorBlocks} into float32, as the file means them. */
final class VectorScales {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();

  private static final int F16_MASK = 0x8fffffff;
  private static final int F16_UPPER_MASK = 0x8fffe000; // and without the bits of the lower half
  private static final int BF16_MASK = 0xffff0000;
  private static final float F16_REBIAS = 0x1p112f;

  private VectorScales() {}

  /** Unpacks those of some blocks of a group to {@code slab.scales[at..]} and mins. */
  static void unpack(VectorBlocks w, int group, int block, int blocks, VectorSlab slab, int at) {
    VectorPacking packing = w.packing;
    int from = (group * w.scaleVectors() + block) * LANES;
    switch (packing.scales()) {
      case HALF -> {
        halves(w.scales, from, blocks, slab.scales, at);
        if (w.mins != null) {
          halves(w.mins, from, blocks, slab.mins, at);
        }
      }
      case BRAIN -> brains(w.scales, from, blocks, slab.scales, at);
      default -> {
        int sub = packing.subBlock();
        int first = block * Int8Blocks.BLOCK / sub;
        int last = (block + blocks) * Int8Blocks.BLOCK / sub;
        for (int s = first; s < last; s += 2) { // two, which are of one super-block
          int superBlock = s * sub / VectorPacking.SUPER_BLOCK;
          int d = (group * w.scaleVectors() + superBlock) * LANES;
          subBlocks(w, group, s, d, slab, at + (s - first) * VectorWeight.GROUP);
        }
      }
    }
  }

  private static void subBlocks(
      VectorBlocks w, int group, int s, int superBlock, VectorSlab slab, int at) {
    int steps = group * w.stepVectors() * LANES;
    int next = at + VectorWeight.GROUP;
    switch (w.packing.scales()) {
      case INT8 -> signed(w.scales, superBlock, w.steps, steps + s / 2 * LANES, slab.scales, at);
      case INT8_MIN -> {
        int step = steps + s * LANES;
        for (int i = 0; i < 2; i++) {
          int to = at + i * VectorWeight.GROUP;
          int from = step + i * LANES;
          unsigned(w.scales, superBlock, w.steps, from, 0, 255, 1f, slab.scales, to);
          unsigned(w.mins, superBlock, w.steps, from, 8, 255, -1f, slab.mins, to);
        }
      }
      case INT4_MIN -> {
        int from = steps + s / 2 * LANES;
        unsigned(w.scales, superBlock, w.steps, from, 0, 15, 1f, slab.scales, at);
        unsigned(w.mins, superBlock, w.steps, from, 4, 15, -1f, slab.mins, at);
        unsigned(w.scales, superBlock, w.steps, from, 8, 15, 1f, slab.scales, next);
        unsigned(w.mins, superBlock, w.steps, from, 12, 15, -1f, slab.mins, next);
      }
      default -> {
        halves(w.scales, superBlock, 1, slab.scales, at);
        halves(w.scales, superBlock, 1, slab.scales, next);
      }
    }
  }

  /** Binary16 becomes binary32 by moving its bits into place, 2^112 times too small. */
  private static void halves(int[] from, int at, int count, float[] to, int toAt) {
    for (int i = 0; i < count; i++) {
      IntVector pair = IntVector.fromArray(I, from, at + i * LANES);
      IntVector upper = pair.lanewise(VectorOperators.ASHR, 3).and(F16_UPPER_MASK);
      IntVector lower =
          pair.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(F16_MASK);
      int k = toAt + i * 2 * LANES;
      ((FloatVector) lower.reinterpretShape(F, 0)).mul(F16_REBIAS).intoArray(to, k);
      ((FloatVector) upper.reinterpretShape(F, 0)).mul(F16_REBIAS).intoArray(to, k + LANES);
    }
  }

  private static void brains(int[] from, int at, int count, float[] to, int toAt) {
    for (int i = 0; i < count; i++) {
      IntVector pair = IntVector.fromArray(I, from, at + i * LANES);
      int k = toAt + i * 2 * LANES;
      ((FloatVector) pair.lanewise(VectorOperators.LSHL, 16).reinterpretShape(F, 0))
          .intoArray(to, k);
      ((FloatVector) pair.and(BF16_MASK).reinterpretShape(F, 0)).intoArray(to, k + LANES);
    }
  }

  /** Of two sub-blocks: a super-block's scale times signed bytes. */
  private static void signed(int[] supers, int superAt, int[] steps, int at, float[] to, int toAt) {
    IntVector pair = IntVector.fromArray(I, supers, superAt);
    IntVector upper = pair.lanewise(VectorOperators.ASHR, 3).and(F16_UPPER_MASK);
    IntVector lower =
        pair.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(F16_MASK);
    FloatVector da = ((FloatVector) lower.reinterpretShape(F, 0)).mul(F16_REBIAS);
    FloatVector db = ((FloatVector) upper.reinterpretShape(F, 0)).mul(F16_REBIAS);
    IntVector four = IntVector.fromArray(I, steps, at);
    IntVector a0 = four.lanewise(VectorOperators.LSHL, 24).lanewise(VectorOperators.ASHR, 24);
    IntVector a1 = four.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 24);
    IntVector b0 = four.lanewise(VectorOperators.LSHL, 8).lanewise(VectorOperators.ASHR, 24);
    IntVector b1 = four.lanewise(VectorOperators.ASHR, 24);
    da.mul((FloatVector) a0.convertShape(VectorOperators.I2F, F, 0)).intoArray(to, toAt);
    db.mul((FloatVector) b0.convertShape(VectorOperators.I2F, F, 0)).intoArray(to, toAt + LANES);
    da.mul((FloatVector) a1.convertShape(VectorOperators.I2F, F, 0))
        .intoArray(to, toAt + 2 * LANES);
    db.mul((FloatVector) b1.convertShape(VectorOperators.I2F, F, 0))
        .intoArray(to, toAt + 3 * LANES);
  }

  /** Of one sub-block: {@code sign} x a super-block's scale x some bits of each half of a lane. */
  private static void unsigned(
      int[] supers,
      int superAt,
      int[] steps,
      int at,
      int shift,
      int mask,
      float sign,
      float[] to,
      int toAt) {
    IntVector pair = IntVector.fromArray(I, supers, superAt);
    IntVector upper = pair.lanewise(VectorOperators.ASHR, 3).and(F16_UPPER_MASK);
    IntVector lower =
        pair.lanewise(VectorOperators.LSHL, 16).lanewise(VectorOperators.ASHR, 3).and(F16_MASK);
    FloatVector da = ((FloatVector) lower.reinterpretShape(F, 0)).mul(F16_REBIAS).mul(sign);
    FloatVector db = ((FloatVector) upper.reinterpretShape(F, 0)).mul(F16_REBIAS).mul(sign);
    IntVector fields = IntVector.fromArray(I, steps, at);
    IntVector a = fields.lanewise(VectorOperators.LSHR, shift).and(mask);
    IntVector b = fields.lanewise(VectorOperators.LSHR, 16 + shift).and(mask);
    da.mul((FloatVector) a.convertShape(VectorOperators.I2F, F, 0)).intoArray(to, toAt);
    db.mul((FloatVector) b.convertShape(VectorOperators.I2F, F, 0)).intoArray(to, toAt + LANES);
  }
}
