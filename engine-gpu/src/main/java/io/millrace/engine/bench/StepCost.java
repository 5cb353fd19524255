package io.millrace.engine.bench;

import io.millrace.engine.backend.KvType;
import io.millrace.engine.convert.ModelShape;
import io.millrace.engine.gguf.GgmlType;

/**
 * What one step of a model must at least move and multiply. Each matrix is read once a step; keys
 * and values of every sequence are read once; activations are not counted.
 *
 * @param bytes read from the device's memory
 * @param operations multiplications and additions, each counted
 * @param quantised whether products are of integers
 */
record StepCost(double bytes, double operations, boolean quantised) {

  /**
   * A step in which every sequence has the same number of rows and the logits of its last are
   * wanted.
   *
   * @param rows of each sequence: 1 while decoding
   * @param history positions before them
   */
  static StepCost of(
      ModelShape shape, GgmlType type, KvType kv, int sequences, int rows, int history) {
    long queryDim = (long) shape.heads() * shape.headDim();
    long kvDim = (long) shape.kvHeads() * shape.headDim();
    long layer =
        shape.dim() * (2 * queryDim + 2 * kvDim) + 3L * shape.dim() * shape.ffnDim(); // elements
    long output = (long) shape.dim() * shape.vocabSize();
    double elementBytes = (double) type.blockBytes() / type.blockElements();
    long allRows = (long) sequences * rows;

    double weights = elementBytes * (shape.layers() * layer + output);
    double embeddings = elementBytes * shape.dim() * allRows;
    double keysAndValues =
        2.0 * shape.layers() * shape.kvHeads() * vectorBytes(kv, shape.headDim());
    double visible = history + (rows + 1) / 2.0; // positions, on average
    return new StepCost(
        weights + embeddings + keysAndValues * sequences * (history + rows),
        2.0 * shape.layers() * layer * allRows
            + 2.0 * output * sequences
            + 4.0 * shape.layers() * queryDim * visible * allRows,
        type.quantized());
  }

  private static double vectorBytes(KvType kv, int headDim) {
    return switch (kv) {
      case F32 -> 4.0 * headDim;
      case F16 -> 2.0 * headDim;
      case INT8 -> headDim + 4.0;
    };
  }
}
