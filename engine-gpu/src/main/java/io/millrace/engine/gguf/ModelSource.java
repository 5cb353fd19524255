package io.millrace.engine.gguf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A model's metadata and tensors under the names that GGUF gives them, wherever they lie: in one
 * file, in several that are parts of one, or in a folder of another format that is read as if it
 * were GGUF. Thread-safe.
 */
public interface ModelSource extends AutoCloseable {

  /** The file or folder, for messages. */
  Path path();

  /** What kind of files these are, in a few words: {@code GGUF v3}. */
  String format();

  /** Size of all files together, bytes. */
  long bytes();

  GgufMetadata metadata();

  /** All tensors, in the files' order. Empty if there is only a vocabulary. */
  List<TensorInfo> tensors();

  Optional<TensorInfo> tensor(String name);

  /**
   * Reads a part of a tensor's data.
   *
   * @param tensor one of {@link #tensors}
   * @param byteOffset where to start in the tensor's data, bytes
   * @param dst receives the bytes
   * @param dstOffset where in {@code dst}
   * @param length bytes to read
   * @throws IndexOutOfBoundsException if the range is outside the tensor or outside {@code dst}
   * @throws IOException if the data cannot be read or have become shorter
   */
  void read(TensorInfo tensor, long byteOffset, byte[] dst, int dstOffset, int length)
      throws IOException;

  /**
   * In which order a matrix's columns are stored, where that is not the order of its inputs: column
   * i is to be multiplied with input {@code order[i]}.
   *
   * @return a permutation of all columns, or empty
   */
  default Optional<int[]> inputOrder(TensorInfo tensor) {
    return Optional.empty();
  }

  /**
   * The SHA-256 digest of all that makes up the model, in lower-case hexadecimal. The first call
   * reads everything.
   */
  String sha256() throws IOException;

  @Override
  void close() throws IOException;
}
