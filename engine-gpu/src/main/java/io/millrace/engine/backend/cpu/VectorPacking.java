package io.millrace.engine.backend.cpu;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.BlockFormat;

/**
 * How {@link VectorWeight} stores a quantised type, and what its kernels may assume of it.
 *
 * <p>The integers of a {@link BlockFormat} are stored without sign in as few bits as they need, in
 * planes of 8, 4, 2 or 1 bits. For the kernels they become int16 numbers as small as can be: types
 * with a minimum, whose integers start at 0, are shifted by {@link #offset} to lie around 0.
 *
 * @param bits of an element: 8, 6 (4 + 2), 5 (4 + 1), 4, 3 (2 + 1) or 2
 * @param subBlock elements that share a scale: 16 or 32
 * @param hasMin whether a sub-block has a minimum as well
 * @param zero what the bits of an int16 0 are, for {@code bits < 8}: int16 = bits - zero
 * @param offset integer = int16 + offset
 * @param run products of an int16 and an int8 activation that add up in int16: 32, 16, 8 or 2
 * @param scales how scales and minima are stored
 * @param e2m1 whether the four bits are no integer but a number of that format, doubled
 */
record VectorPacking(
    int bits,
    int subBlock,
    boolean hasMin,
    int zero,
    int offset,
    int run,
    Scales scales,
    boolean e2m1) {

  /** Elements of the types whose sub-blocks share a coarser scale. */
  static final int SUPER_BLOCK = 256;

  /** How the scales of sub-blocks are stored. */
  enum Scales {
    /** A binary16 a block of 32; as many for minima. */
    HALF,
    /** The upper half of a float32 a block of 32: enough for a power of two. */
    BRAIN,
    /** A binary16 a block of 256. */
    HALF_256,
    /** A binary16 a block of 256, times an int8 a sub-block. */
    INT8,
    /** The same with 8 bits of scale and 8 of minimum, both unsigned, and two binary16. */
    INT8_MIN,
    /** The same with 4 bits of each. */
    INT4_MIN
  }

  static VectorPacking of(GgmlType type) {
    BlockFormat format = BlockFormat.of(type).orElseThrow();
    boolean e2m1 = type == GgmlType.MXFP4;
    int bits = e2m1 ? 4 : bits(format.qMax() - format.qMin());
    int offset = format.hasMin() && bits >= 4 ? 1 << (bits - 1) : 0;
    int zero = offset - format.qMin();
    int magnitude = Math.max(zero, format.qMax() - offset);
    return new VectorPacking(
        bits,
        format.subBlock(),
        format.hasMin(),
        zero,
        offset,
        run(magnitude, format.subBlock()),
        scales(type),
        e2m1);
  }

  private static int bits(int range) {
    int bits = 32 - Integer.numberOfLeadingZeros(range);
    return bits == 7 ? 8 : bits;
  }

  /** 127 is the largest activation. */
  private static int run(int magnitude, int subBlock) {
    for (int run = subBlock; run >= 8; run /= 2) {
      if (run * magnitude * 127 <= Short.MAX_VALUE) {
        return run;
      }
    }
    return 2;
  }

  private static Scales scales(GgmlType type) {
    return switch (type) {
      case MXFP4 -> Scales.BRAIN;
      case TQ1_0, TQ2_0 -> Scales.HALF_256;
      case Q3_K, Q6_K, IQ4_XS -> Scales.INT8;
      case Q4_K, Q5_K -> Scales.INT8_MIN;
      case Q2_K -> Scales.INT4_MIN;
      default -> Scales.HALF;
    };
  }

  /** Whether sums of products do not fit int16, but in pairs. */
  boolean wide() {
    return run == 2;
  }

  /** Bits of the plane that holds an element's lowest. */
  int lowBits() {
    return bits == 6 || bits == 5 ? 4 : bits == 3 ? 2 : bits;
  }

  /** Bits of the plane that holds the others; 0 if there are none. */
  int highBits() {
    return bits - lowBits();
  }
}
