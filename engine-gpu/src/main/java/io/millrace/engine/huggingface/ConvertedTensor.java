package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgmlType;
import java.io.IOException;
import java.util.List;

/**
 * A tensor whose bytes are made of others. They are made whole when the first of them is asked for,
 * and kept until another tensor is converted: readers go through a tensor from start to end.
 */
final class ConvertedTensor implements TensorReader {

  /** Makes all bytes of a tensor. */
  @FunctionalInterface
  interface Conversion {
    byte[] convert() throws IOException;
  }

  /** The bytes that were converted last: one tensor's at a time. */
  static final class Cache {
    private ConvertedTensor owner;
    private byte[] bytes;

    private synchronized byte[] of(ConvertedTensor tensor) throws IOException {
      if (owner != tensor) {
        owner = null;
        bytes = null; // before the next are made
        bytes = tensor.conversion.convert();
        owner = tensor;
      }
      return bytes;
    }

    /** Forgets them. */
    synchronized void clear() {
      owner = null;
      bytes = null;
    }
  }

  private final Cache cache;
  private final GgmlType type;
  private final List<Long> dims;
  private final Conversion conversion;

  ConvertedTensor(Cache cache, GgmlType type, List<Long> dims, Conversion conversion) {
    this.cache = cache;
    this.type = type;
    this.dims = List.copyOf(dims);
    this.conversion = conversion;
  }

  @Override
  public GgmlType type() {
    return type;
  }

  @Override
  public List<Long> dims() {
    return dims;
  }

  @Override
  public void read(long byteOffset, byte[] dst, int dstOffset, int length) throws IOException {
    byte[] bytes = cache.of(this);
    System.arraycopy(bytes, Math.toIntExact(byteOffset), dst, dstOffset, length);
  }
}
