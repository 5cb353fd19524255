package io.millrace.engine.quant;

import io.millrace.engine.gguf.GgmlType;
import java.util.EnumMap;
import java.util.Map;

/** The one table of all formats. */
final class BlockFormats {
  private static final Map<GgmlType, BlockFormat> BY_TYPE = new EnumMap<>(GgmlType.class);

  static {
    scaled(GgmlType.Q4_0, 32, -8, 7, SimpleBlocks::q40);
    shifted(GgmlType.Q4_1, 32, 15, SimpleBlocks::q41);
    scaled(GgmlType.Q5_0, 32, -16, 15, SimpleBlocks::q50);
    shifted(GgmlType.Q5_1, 32, 31, SimpleBlocks::q51);
    scaled(GgmlType.Q8_0, 32, -128, 127, SimpleBlocks::q80);
    shifted(GgmlType.Q2_K, 16, 3, KBlocks::q2);
    scaled(GgmlType.Q3_K, 16, -4, 3, KBlocks::q3);
    shifted(GgmlType.Q4_K, 32, 15, KBlocks::q4);
    shifted(GgmlType.Q5_K, 32, 31, KBlocks::q5);
    scaled(GgmlType.Q6_K, 16, -32, 31, KBlocks::q6);
    scaled(GgmlType.TQ1_0, 32, -1, 1, TernaryBlocks::tq1);
    scaled(GgmlType.TQ2_0, 32, -1, 2, TernaryBlocks::tq2);
    scaled(GgmlType.MXFP4, 32, -12, 12, TableBlocks::mxfp4);
    scaled(GgmlType.IQ4_NL, 32, -127, 113, TableBlocks::iq4Nl);
    scaled(GgmlType.IQ4_XS, 32, -127, 113, TableBlocks::iq4Xs);
  }

  private BlockFormats() {}

  /** The type's format, or null. */
  static BlockFormat of(GgmlType type) {
    return BY_TYPE.get(type);
  }

  private static void scaled(
      GgmlType type, int subBlock, int qMin, int qMax, BlockLayout.BlockDecoder decoder) {
    BY_TYPE.put(type, new BlockLayout(type, subBlock, false, qMin, qMax, decoder));
  }

  /** A type with minima; its integers start at 0. */
  private static void shifted(
      GgmlType type, int subBlock, int qMax, BlockLayout.BlockDecoder decoder) {
    BY_TYPE.put(type, new BlockLayout(type, subBlock, true, 0, qMax, decoder));
  }
}
