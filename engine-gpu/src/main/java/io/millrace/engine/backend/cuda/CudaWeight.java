package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.Tensor;
import io.millrace.engine.backend.cuda.pack.PackedForm;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.BlockFormat;

/** A matrix in the form that its type's kernels read: elements, scales and minima apart. */
final class CudaWeight implements Tensor {
  private final GgmlType type;
  private final PackedForm form;
  private final int rows;
  private final int columns;
  private final CudaMemory.Range[] parts;

  CudaWeight(GgmlType type, int rows, int columns, CudaMemory.Range[] parts) {
    this.type = type;
    this.form = PackedForm.of(type);
    this.rows = rows;
    this.columns = columns;
    this.parts = parts;
  }

  static CudaWeight of(Tensor tensor) {
    if (tensor instanceof CudaWeight mine) {
      return mine;
    }
    throw new IllegalArgumentException("not a weight that cuda has loaded");
  }

  PackedForm form() {
    return form;
  }

  /** Writes the addresses of the parts, as this form's kernels take them: first of all. */
  void addTo(Launches launches) {
    for (CudaMemory.Range part : parts) {
      launches.pointer(part.address());
    }
    if (form == PackedForm.ANY && parts.length == 2) {
      launches.pointer(0); // no minima
    }
  }

  /** The same, with 0 for parts that this form has not. */
  void addTo(Launches launches, int partsMax) {
    for (int i = 0; i < partsMax; i++) {
      launches.pointer(i < parts.length ? parts[i].address() : 0);
    }
  }

  /** Writes how many elements share a scale, where this form's kernels want that: last of all. */
  void addLastTo(Launches launches) {
    if (form == PackedForm.ANY) {
      launches.integer(BlockFormat.of(type).orElseThrow().subBlock());
    }
  }

  /** Columns with their padding. */
  int paddedColumns() {
    return form.paddedColumns(columns);
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
    long bytes = 0;
    for (CudaMemory.Range part : parts) {
      bytes += part.bytes();
    }
    return bytes;
  }

  @Override
  public void close() {
    for (CudaMemory.Range part : parts) {
      part.close();
    }
  }
}
