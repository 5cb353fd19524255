package io.millrace.engine.safetensors;

import java.util.List;

/**
 * What a file says about one tensor. All of it is checked: the data lie inside the file and are as
 * long as type and shape say.
 *
 * @param name unique in the file
 * @param shape the slowest-varying dimension first (PyTorch's order); empty for a single number
 * @param offset where the data start in the file, bytes
 * @param bytes size of the data
 */
public record SafetensorsTensor(
    String name, SafetensorsType type, List<Long> shape, long offset, long bytes) {

  public SafetensorsTensor {
    shape = List.copyOf(shape);
  }

  /** Elements of the tensor. */
  public long elements() {
    return bytes / type.bytes();
  }
}
