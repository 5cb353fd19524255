package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.Tensor;
import io.millrace.engine.gguf.GgmlType;

/** A matrix as its type's kernels want it: see {@link WeightLayout}. */
final class CudaWeight implements Tensor {
  private final GgmlType type;
  private final WeightLayout layout;
  private final int rows;
  private final int columns;
  private final CudaMemory.Range elements;
  private final CudaMemory.Range scales; // null where the layout has none

  CudaWeight(
      GgmlType type,
      WeightLayout layout,
      int rows,
      int columns,
      CudaMemory.Range elements,
      CudaMemory.Range scales) {
    this.type = type;
    this.layout = layout;
    this.rows = rows;
    this.columns = columns;
    this.elements = elements;
    this.scales = scales;
  }

  static CudaWeight of(Tensor tensor) {
    if (tensor instanceof CudaWeight mine) {
      return mine;
    }
    throw new IllegalArgumentException("not a weight that cuda has loaded");
  }

  WeightLayout layout() {
    return layout;
  }

  long elements() {
    return elements.address();
  }

  long scales() {
    return scales.address();
  }

  /** Columns with their padding. */
  int paddedColumns() {
    return layout.paddedColumns(columns);
  }

  @Override
  public GgmlType type() {
    return type;
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
    return elements.bytes() + (scales == null ? 0 : scales.bytes());
  }

  @Override
  public void close() {
    elements.close();
    if (scales != null) {
      scales.close();
    }
  }
}
