package io.millrace.engine.convert;

import java.util.function.ToIntFunction;

/**
 * One tensor of an architecture.
 *
 * @param name its name in GGUF; that of a layer's tensor without {@code blk.N.}
 * @param rows outputs; a vector has 1
 * @param columns inputs
 * @param content what its numbers are like
 */
record TensorSpec(
    String name,
    ToIntFunction<ModelShape> rows,
    ToIntFunction<ModelShape> columns,
    Content content) {

  /** What random numbers make a tensor that leaves activations at their size. */
  enum Content {
    /** As MATRIX, but less where it is the output matrix too: see {@link RandomModel}. */
    EMBEDDINGS,
    /** Deviation {@code 1 / sqrt(columns)}: keeps the size of its input. */
    MATRIX,
    /** Less by {@code sqrt(2 layers)}: adds to the residual stream, which grows by 2 at most. */
    RESIDUAL,
    /** Near 1. */
    NORM,
    /** Near 0. */
    BIAS
  }

  static TensorSpec matrix(
      String name, ToIntFunction<ModelShape> rows, ToIntFunction<ModelShape> columns) {
    return new TensorSpec(name, rows, columns, Content.MATRIX);
  }

  static TensorSpec residual(String name, ToIntFunction<ModelShape> columns) {
    return new TensorSpec(name, ModelShape::dim, columns, Content.RESIDUAL);
  }

  static TensorSpec norm(String name, ToIntFunction<ModelShape> length) {
    return new TensorSpec(name, shape -> 1, length, Content.NORM);
  }

  static TensorSpec bias(String name, ToIntFunction<ModelShape> length) {
    return new TensorSpec(name, shape -> 1, length, Content.BIAS);
  }

  boolean vector() {
    return content == Content.NORM || content == Content.BIAS;
  }
}
