package io.millrace.engine.quant;

import io.millrace.engine.gguf.GgmlType;

/** A format that decodes block by block. */
record BlockLayout(
    GgmlType type, int subBlock, boolean hasMin, int qMin, int qMax, BlockDecoder decoder)
    implements BlockFormat {

  /** Decodes one block. */
  @FunctionalInterface
  interface BlockDecoder {
    /**
     * @param at where the block starts in {@code data}
     * @param q where its elements go in {@code quants}
     * @param s where its sub-blocks go in {@code scales} and {@code mins}
     */
    void decode(byte[] data, int at, byte[] quants, int q, float[] scales, float[] mins, int s);
  }

  @Override
  public void decode(
      byte[] data, int at, int columns, byte[] quants, float[] scales, float[] mins) {
    int elements = type.blockElements();
    if (columns % elements != 0) {
      throw new IllegalArgumentException(
          columns + " elements are not whole blocks of " + elements + " of type " + type);
    }
    int subBlocks = elements / subBlock;
    for (int block = 0; block < columns / elements; block++) {
      decoder.decode(
          data,
          at + block * type.blockBytes(),
          quants,
          block * elements,
          scales,
          mins,
          block * subBlocks);
    }
  }
}
