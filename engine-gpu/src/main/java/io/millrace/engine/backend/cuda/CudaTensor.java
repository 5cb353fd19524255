package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.Tensor;
import io.millrace.engine.gguf.GgmlType;

/** A buffer of activations or a vector: float32, row-major, dense. */
final class CudaTensor implements Tensor {
  private final int rows;
  private final int columns;
  private final CudaMemory.Range range;
  private final Runnable beforeFreeing;

  CudaTensor(int rows, int columns, CudaMemory.Range range, Runnable beforeFreeing) {
    this.rows = rows;
    this.columns = columns;
    this.range = range;
    this.beforeFreeing = beforeFreeing;
  }

  static CudaTensor of(Tensor tensor) {
    if (tensor instanceof CudaTensor mine) {
      return mine;
    }
    throw new IllegalArgumentException("not a tensor of float32 that cuda has made");
  }

  /** How many elements so many rows have. */
  int elements(int of) {
    return Math.multiplyExact(of, columns);
  }

  long address() {
    return range.address();
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
    return range.bytes();
  }

  @Override
  public void close() {
    try {
      beforeFreeing.run();
    } finally {
      range.close();
    }
  }
}
