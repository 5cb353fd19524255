package io.millrace.engine.backend.cpu;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.BlockFormat;
import io.millrace.engine.quant.DecodedRow;
import io.millrace.engine.quant.HalfFloats;

/**
 * The blocks of a quantised {@link VectorWeight}, repacked: lanes are output rows, in groups of two
 * vectors a and b.
 *
 * <p>An int lane has row a in its lower half and row b in its upper, so that the two vectors lie
 * interleaved when it is read as int16. A plane of n bits holds 16 / n consecutive inputs in a
 * half, the first in the lowest bits: {@code [groups][blocks][2 n][LANES]}. It all takes about as
 * many bytes as in the file.
 */
final class VectorBlocks {
  private static final int LANES = VectorWeight.LANES;

  final VectorPacking packing;
  final int columns;

  /** The lowest bits, and the ones above them, or null. */
  final int[] low;

  final int[] high;

  /**
   * Binary16 of blocks or of super-blocks (see {@link VectorPacking.Scales}), a and b in a lane.
   */
  final int[] scales;

  /** The same of minima, or null. */
  final int[] mins;

  /**
   * What super-blocks' scales are multiplied with, or null: in each half of a lane two bytes. INT8:
   * of two sub-blocks; INT8_MIN: scale and minimum; INT4_MIN: of two sub-blocks, scale below.
   */
  final int[] steps;

  private final BlockFormat format;
  private final DecodedRow decoded = new DecodedRow();

  VectorBlocks(GgmlType type, int groups, int columns) {
    this.format = BlockFormat.of(type).orElseThrow();
    this.packing = VectorPacking.of(type);
    this.columns = columns;
    int vectors = Math.multiplyExact(groups, columns / Int8Blocks.BLOCK);
    low = new int[Math.multiplyExact(vectors, 2 * packing.lowBits() * LANES)];
    high = packing.highBits() == 0 ? null : new int[vectors * 2 * packing.highBits() * LANES];
    scales = new int[groups * scaleVectors() * LANES];
    mins = packing.hasMin() ? new int[scales.length] : null;
    steps = stepVectors() == 0 ? null : new int[groups * stepVectors() * LANES];
  }

  /** Vectors of {@link #scales} in a group. */
  int scaleVectors() {
    return switch (packing.scales()) {
      case HALF, BRAIN -> columns / Int8Blocks.BLOCK;
      default -> columns / VectorPacking.SUPER_BLOCK;
    };
  }

  /** Vectors of {@link #steps} in a group. */
  int stepVectors() {
    return switch (packing.scales()) {
      case HALF, BRAIN, HALF_256 -> 0;
      case INT8_MIN -> columns / packing.subBlock();
      case INT8, INT4_MIN -> columns / packing.subBlock() / 2;
    };
  }

  /** Packs a row, as it lies in the file from {@code at} on, into its lane of a group. */
  void pack(int group, int lane, int half, byte[] row, int at) {
    decoded.decode(format, row, at, columns);
    int shift = 16 * half;
    packPlane(low, packing.lowBits(), 0, group, lane, shift);
    if (high != null) {
      packPlane(high, packing.highBits(), packing.lowBits(), group, lane, shift);
    }
    GgmlType type = format.type();
    for (int i = 0; i < scaleVectors(); i++) {
      int to = (group * scaleVectors() + i) * LANES + lane;
      int block = at + i * type.blockBytes();
      int bits =
          packing.scales() == VectorPacking.Scales.BRAIN
              ? Float.floatToRawIntBits(decoded.scales()[i]) >>> 16
              : CpuWeights.shortAt(row, block + scaleAt(type)) & 0xffff;
      scales[to] |= bits << shift;
      if (mins != null) {
        mins[to] |= (CpuWeights.shortAt(row, block + scaleAt(type) + 2) & 0xffff) << shift;
      }
    }
    if (steps != null) {
      packSteps(group, lane, half);
    }
  }

  private void packPlane(int[] plane, int bits, int from, int group, int lane, int shift) {
    int perHalf = 16 / bits;
    int mask = (1 << bits) - 1;
    byte[] quants = decoded.quants();
    int to = group * (columns / perHalf) * LANES + lane;
    for (int k = 0; k < columns; k += perHalf) {
      int packed = 0;
      for (int i = 0; i < perHalf; i++) {
        packed |= (stored(quants[k + i]) >> from & mask) << bits * i;
      }
      plane[to] |= packed << shift;
      to += LANES;
    }
  }

  /** The bits of an integer of the format. */
  private int stored(int quant) {
    if (packing.e2m1()) {
      int magnitude = Math.abs(quant);
      int index = magnitude <= 4 ? magnitude : magnitude == 6 ? 5 : magnitude == 8 ? 6 : 7;
      index = magnitude == 4 ? 4 : index;
      return quant < 0 ? index | 8 : index;
    }
    return packing.bits() == 8 ? quant & 0xff : quant - format.qMin();
  }

  private void packSteps(int group, int lane, int half) {
    int subBlocks = columns / packing.subBlock();
    int perSuper = VectorPacking.SUPER_BLOCK / packing.subBlock();
    for (int s = 0; s < subBlocks; s++) {
      int superBlock = (group * scaleVectors() + s / perSuper) * LANES + lane;
      int step = step(decoded.scales()[s], half(scales, superBlock, half)) & 0xff;
      int minStep =
          mins == null ? 0 : step(-decoded.mins()[s], half(mins, superBlock, half)) & 0xff;
      int vector = packing.scales() == VectorPacking.Scales.INT8_MIN ? s : s / 2;
      int bits =
          switch (packing.scales()) {
            case INT8_MIN -> step | minStep << 8;
            case INT4_MIN -> (step | minStep << 4) << 8 * (s % 2);
            default -> step << 8 * (s % 2);
          };
      steps[(group * stepVectors() + vector) * LANES + lane] |= bits << 16 * half;
    }
  }

  /** The small integer that made a scale of its super-block's; division undoes one rounding. */
  private static int step(float scale, float superScale) {
    return superScale == 0f ? 0 : Math.round(scale / superScale);
  }

  /** Where a block's binary16 scale stands in the file; that of minima follows it. */
  private static int scaleAt(GgmlType type) {
    return switch (type) {
      case Q2_K -> 80;
      case Q3_K -> 108;
      case Q6_K -> 208;
      case TQ1_0 -> 52;
      case TQ2_0 -> 64;
      default -> 0;
    };
  }

  private static float half(int[] pairs, int at, int half) {
    return HalfFloats.f16((short) (pairs[at] >> 16 * half));
  }

  // ---- element by element, for embeddings

  /** Dequantises one row. */
  void decodeRow(int group, int lane, int half, float[] out, int at) {
    for (int s = 0; s < columns / packing.subBlock(); s++) {
      float scale = scale(group, s, lane, half);
      float min = mins == null ? 0f : min(group, s, lane, half);
      for (int k = s * packing.subBlock(); k < (s + 1) * packing.subBlock(); k++) {
        float product = scale * quant(group, k, lane, half);
        out[at + k] = mins == null ? product : product + min;
      }
    }
  }

  private int quant(int group, int k, int lane, int half) {
    int bits = field(low, packing.lowBits(), group, k, lane, half);
    if (high != null) {
      bits |= field(high, packing.highBits(), group, k, lane, half) << packing.lowBits();
    }
    if (packing.e2m1()) {
      int m = bits & 7;
      int magnitude = m + Math.max(m - 4, 0) + 2 * Math.max(m - 6, 0);
      return bits < 8 ? magnitude : -magnitude;
    }
    return packing.bits() == 8 ? (byte) bits : bits + format.qMin();
  }

  private int field(int[] plane, int bits, int group, int k, int lane, int half) {
    int perHalf = 16 / bits;
    int word = plane[(group * (columns / perHalf) + k / perHalf) * LANES + lane];
    return word >> 16 * half + bits * (k % perHalf) & (1 << bits) - 1;
  }

  private float scale(int group, int s, int lane, int half) {
    int at = (group * scaleVectors() + s * packing.subBlock() / scaleElements()) * LANES + lane;
    return switch (packing.scales()) {
      case BRAIN -> HalfFloats.bf16((short) (scales[at] >> 16 * half));
      case HALF, HALF_256 -> half(scales, at, half);
      case INT8 -> half(scales, at, half) * (byte) stepBits(group, s / 2, lane, half, 8 * (s % 2));
      case INT8_MIN -> half(scales, at, half) * (stepBits(group, s, lane, half, 0) & 0xff);
      case INT4_MIN ->
          half(scales, at, half) * (stepBits(group, s / 2, lane, half, 8 * (s % 2)) & 15);
    };
  }

  private float min(int group, int s, int lane, int half) {
    int at = (group * scaleVectors() + s * packing.subBlock() / scaleElements()) * LANES + lane;
    return switch (packing.scales()) {
      case INT8_MIN -> -(half(mins, at, half) * (stepBits(group, s, lane, half, 8) & 0xff));
      case INT4_MIN ->
          -(half(mins, at, half) * (stepBits(group, s / 2, lane, half, 8 * (s % 2) + 4) & 15));
      default -> half(mins, at, half);
    };
  }

  private int stepBits(int group, int vector, int lane, int half, int shift) {
    return steps[(group * stepVectors() + vector) * LANES + lane] >> 16 * half + shift;
  }

  private int scaleElements() {
    return columns / scaleVectors();
  }

  long bytes() {
    long ints = (long) low.length + scales.length;
    ints += high == null ? 0 : high.length;
    ints += mins == null ? 0 : mins.length;
    ints += steps == null ? 0 : steps.length;
    return 4 * ints;
  }
}
