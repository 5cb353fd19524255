package io.millrace.engine.gguf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * An open GGUF file, version 2 or 3, little-endian. Opening reads and checks the header only;
 * tensor data are read on demand. Thread-safe.
 *
 * <p>A thread that is interrupted while it reads closes the file for all (as every file channel
 * does).
 */
public final class GgufFile implements ModelSource {
  private final ModelBytes file;
  private final GgufHeaderReader.Header header;
  private final Map<String, TensorInfo> byName = new HashMap<>();
  private String sha256;

  private GgufFile(ModelBytes file, GgufHeaderReader.Header header) {
    this.file = file;
    this.header = header;
    for (TensorInfo tensor : header.tensors()) {
      byName.put(tensor.name(), tensor);
    }
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws GgufFormatException if it is no GGUF file, or a truncated, broken or hostile one
   * @throws IOException if it cannot be read
   */
  public static GgufFile open(Path path) throws IOException {
    ModelBytes file = ModelBytes.open(path);
    try {
      return new GgufFile(file, new GgufHeaderReader(file.header()).read());
    } catch (IOException | RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  @Override
  public Path path() {
    return file.path();
  }

  /** The format's version: 2 or 3. */
  public int version() {
    return header.version();
  }

  @Override
  public String format() {
    return "GGUF v" + version();
  }

  @Override
  public long bytes() {
    return file.bytes();
  }

  @Override
  public GgufMetadata metadata() {
    return header.metadata();
  }

  @Override
  public List<TensorInfo> tensors() {
    return header.tensors();
  }

  @Override
  public Optional<TensorInfo> tensor(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  @Override
  public void read(TensorInfo tensor, long byteOffset, byte[] dst, int dstOffset, int length)
      throws IOException {
    Objects.checkFromIndexSize(byteOffset, length, tensor.bytes());
    file.read(tensor.offset() + byteOffset, dst, dstOffset, length);
  }

  @Override
  public synchronized String sha256() throws IOException {
    if (sha256 == null) {
      sha256 = ModelBytes.sha256(file::digest);
    }
    return sha256;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
