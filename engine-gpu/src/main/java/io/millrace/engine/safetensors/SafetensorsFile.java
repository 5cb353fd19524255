package io.millrace.engine.safetensors;

import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.ModelBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.Objects;

/**
 * An open safetensors file. Opening reads and checks the header only; tensor data are read on
 * demand. Thread-safe.
 */
public final class SafetensorsFile implements AutoCloseable {
  /** The bound of the format's own library. */
  private static final int HEADER_BYTES_MAX = 100_000_000;

  private static final int LENGTH_BYTES = 8;

  private final ModelBytes file;
  private final List<SafetensorsTensor> tensors;

  private SafetensorsFile(ModelBytes file, List<SafetensorsTensor> tensors) {
    this.file = file;
    this.tensors = tensors;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws GgufFormatException if it is no safetensors file, or a truncated, broken or hostile one
   * @throws IOException if it cannot be read
   */
  public static SafetensorsFile open(Path path) throws IOException {
    ModelBytes file = ModelBytes.open(path);
    try {
      byte[] header = header(file);
      long dataOffset = LENGTH_BYTES + (long) header.length;
      return new SafetensorsFile(
          file,
          new SafetensorsHeaderReader(path.toString(), dataOffset, file.bytes()).read(header));
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static byte[] header(ModelBytes file) throws IOException {
    if (file.bytes() < LENGTH_BYTES) {
      throw new GgufFormatException(file.path() + ": not a safetensors file: too short");
    }
    byte[] length = new byte[LENGTH_BYTES];
    file.read(0, length, 0, LENGTH_BYTES);
    long bytes = ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong();
    if (bytes < 2 || bytes > Math.min(HEADER_BYTES_MAX, file.bytes() - LENGTH_BYTES)) {
      throw new GgufFormatException(
          "%s: at byte 0: a header of %s bytes in a file of %d: not a safetensors file, or cut"
              .formatted(file.path(), Long.toUnsignedString(bytes), file.bytes()));
    }
    byte[] header = new byte[(int) bytes];
    file.read(LENGTH_BYTES, header, 0, header.length);
    return header;
  }

  public Path path() {
    return file.path();
  }

  /** The file's size. */
  public long bytes() {
    return file.bytes();
  }

  /** All tensors, in the order of their data. */
  public List<SafetensorsTensor> tensors() {
    return tensors;
  }

  /**
   * Reads a part of a tensor's data.
   *
   * @throws IndexOutOfBoundsException if the range is outside the tensor or outside {@code dst}
   * @throws IOException if the data cannot be read or have become shorter
   */
  public void read(SafetensorsTensor tensor, long byteOffset, byte[] dst, int dstOffset, int length)
      throws IOException {
    Objects.checkFromIndexSize(byteOffset, length, tensor.bytes());
    file.read(tensor.offset() + byteOffset, dst, dstOffset, length);
  }

  /** Adds the whole file to a digest. */
  public void digest(MessageDigest digest) throws IOException {
    file.digest(digest);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
