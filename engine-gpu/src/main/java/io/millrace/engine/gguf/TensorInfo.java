package io.millrace.engine.gguf;

import java.util.List;

/**
 * What a GGUF file says about one tensor. All of it is checked: the data lie inside the file,
 * aligned, and overlap no other tensor's.
 *
 * @param name the tensor's name, unique in the file
 * @param type how its numbers are stored
 * @param dims 1 to 4 dimensions, each at least 1, the fastest-varying first (ggml's order): a
 *     matrix with {@code rows} outputs and {@code columns} inputs is {@code [columns, rows]}. The
 *     first is a whole number of the type's blocks
 * @param offset where the data start in the file, bytes
 * @param bytes size of the data
 */
public record TensorInfo(String name, GgmlType type, List<Long> dims, long offset, long bytes) {

  public TensorInfo {
    dims = List.copyOf(dims);
  }

  /** Elements of the tensor. */
  public long elements() {
    long product = 1;
    for (long dim : dims) {
      product *= dim; // was checked when the file was opened
    }
    return product;
  }

  /** Elements of one row: the first dimension. */
  public long columns() {
    return dims.get(0);
  }

  /** Rows: the product of all dimensions but the first. */
  public long rows() {
    return elements() / columns();
  }

  /** Bytes of one row. */
  public long rowBytes() {
    return type.bytes(columns());
  }
}
