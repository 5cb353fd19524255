package io.millrace.engine.backend;

import io.millrace.engine.gguf.GgmlType;

/**
 * A matrix that lives where its {@link Backend} computes: a weight, which never changes, or a
 * buffer of activations, one row per token.
 *
 * <p>Only the backend that made a tensor, or another of the same kind in this JVM, can read it.
 * Weights may be read by several threads at once; activations belong to one.
 */
public interface Tensor extends AutoCloseable {

  /** How the elements are stored; {@link GgmlType#F32} for activations. */
  GgmlType type();

  /** Rows: outputs of a weight, the most tokens of a buffer of activations. 1 for a vector. */
  int rows();

  /** Elements in a row: inputs of a weight, the width of an activation. */
  int columns();

  /** Bytes of memory the tensor takes, packing and padding included. */
  long bytes();

  /** Frees the memory. Using the tensor afterwards is an error. */
  @Override
  void close();
}
