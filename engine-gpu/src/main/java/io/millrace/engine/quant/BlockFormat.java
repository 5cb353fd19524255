package io.millrace.engine.quant;

import io.millrace.engine.gguf.GgmlType;
import java.util.Optional;

/**
 * What the bytes of a quantised type mean, the same way for all types: a row is a series of
 * sub-blocks of {@link #subBlock} consecutive elements, and
 *
 * <pre>
 * element[i] = scales[i / subBlock] * quants[i] + mins[i / subBlock]
 * </pre>
 *
 * with the product rounded to float32 before the sum, as ggml does. Types without a minimum leave
 * the sum out. In the file, sub-blocks are grouped into blocks of {@link GgmlType#blockElements}
 * that may share a coarser scale; {@link #decode} has multiplied that in.
 *
 * <p>Formats have no state and can be used by any thread.
 *
 * <p>Source: ggml's {@code ggml-common.h} (layouts) and {@code ggml-quants.c} (meaning).
 */
public interface BlockFormat {

  /** The format of a quantised type; empty for plain numbers and for types not decoded here. */
  static Optional<BlockFormat> of(GgmlType type) {
    return Optional.ofNullable(BlockFormats.of(type));
  }

  /** The type whose bytes are meant. */
  GgmlType type();

  /** Elements that share a scale and a minimum: 16 or 32, a divisor of the type's block. */
  int subBlock();

  /** Whether a minimum is added to each element. */
  boolean hasMin();

  /** The least integer that {@link #decode} gives. */
  int qMin();

  /** The greatest integer that {@link #decode} gives. */
  int qMax();

  /**
   * Decodes consecutive elements of a row. All arrays are filled from index 0. Nothing is
   * allocated, and no bytes are wrong: any block has a meaning, if only one with infinite scales.
   *
   * @param data holds the blocks from {@code at} on
   * @param columns elements to decode, a whole number of the type's blocks
   * @param quants {@code [columns]}
   * @param scales {@code [columns / subBlock]}
   * @param mins {@code [columns / subBlock]}; untouched, and may be empty, if there are none
   */
  void decode(byte[] data, int at, int columns, byte[] quants, float[] scales, float[] mins);
}
