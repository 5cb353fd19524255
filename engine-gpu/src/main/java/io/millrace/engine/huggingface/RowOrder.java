package io.millrace.engine.huggingface;

/**
 * Where a row of a matrix in GGUF order stands in the file. For queries and keys of the llama
 * architecture, whose rotation takes neighbours together where transformers takes the two halves of
 * a head.
 *
 * @param heads heads whose rows change places; 0 if none do
 * @param headDim rows of a head, even
 */
record RowOrder(int heads, int headDim) {
  static final RowOrder SAME = new RowOrder(0, 0);

  boolean same() {
    return heads == 0;
  }

  /** The row in the file for a row in GGUF order. */
  long source(long row) {
    if (same()) {
      return row;
    }
    long head = row / headDim;
    int inHead = (int) (row % headDim);
    return head * headDim + inHead % 2 * (headDim / 2) + inHead / 2;
  }
}
