package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.Tensor;
import io.millrace.engine.gguf.GgmlType;

/**
 * Activations, or a vector of a model, as float32 rows on the heap. A row may be followed by
 * padding that stays 0, so that kernels need no remainder loops.
 */
final class FloatTensor implements Tensor {
  private final int rows;
  private final int columns;
  private final int stride;
  private float[] data;
  private long version;

  /**
   * @param stride elements from one row to the next, at least {@code columns}
   */
  FloatTensor(int rows, int columns, int stride) {
    if (rows < 1 || columns < 1 || (long) rows * stride > CpuWeights.ELEMENTS_MAX) {
      throw new IllegalArgumentException(
          "a tensor of " + rows + " x " + columns + " float32 does not fit a Java array");
    }
    this.rows = rows;
    this.columns = columns;
    this.stride = stride;
    this.data = new float[rows * stride];
  }

  /** The tensor as this class, or an error that says what it is instead. */
  static FloatTensor of(Tensor tensor) {
    if (tensor instanceof FloatTensor floats) {
      return floats;
    }
    throw new IllegalArgumentException(
        "expected activations or a vector of the CPU, got a tensor "
            + tensor.type()
            + " "
            + tensor.rows()
            + " x "
            + tensor.columns());
  }

  /** The elements, for reading. */
  float[] read() {
    return data;
  }

  /** The elements, for writing: whatever was derived from the old ones is out of date. */
  float[] write() {
    version++;
    return data;
  }

  /** Changes whenever the elements may have changed. */
  long version() {
    return version;
  }

  int stride() {
    return stride;
  }

  @Override
  public GgmlType type() {
    return GgmlType.F32;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public long bytes() {
    return 4L * rows * stride;
  }

  @Override
  public void close() {
    data = null;
  }
}
