package io.millrace.engine.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * An open GGUF file, version 2 or 3, little-endian. Opening reads and checks the header only;
 * tensor data are read on demand. Thread-safe.
 *
 * <p>A thread that is interrupted while it reads closes the file for all (as every {@link
 * FileChannel} does).
 */
public final class GgufFile implements ModelSource {
  /** Bytes handed to the channel at once: it copies through a buffer of this size, off the heap. */
  private static final int CHUNK_BYTES = 1 << 20;

  private final Path path;
  private final FileChannel channel;
  private final long bytes;
  private final GgufHeaderReader.Header header;
  private final Map<String, TensorInfo> byName = new HashMap<>();
  private String sha256;

  private GgufFile(Path path, FileChannel channel, long bytes, GgufHeaderReader.Header header) {
    this.path = path;
    this.channel = channel;
    this.bytes = bytes;
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
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      // Opening a pipe or a terminal could wait for ever.
      throw new GgufFormatException(path + ": not a file");
    }
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      long bytes = channel.size();
      GgufInput in = new GgufInput(path.toString(), channel, bytes);
      return new GgufFile(path, channel, bytes, new GgufHeaderReader(in).read());
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public Path path() {
    return path;
  }

  /** The format's version: 2 or 3. */
  public int version() {
    return header.version();
  }

  @Override
  public long bytes() {
    return bytes;
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
    Objects.checkFromIndexSize(dstOffset, length, dst.length);
    long at = tensor.offset() + byteOffset;
    for (int done = 0; done < length; ) {
      int part = Math.min(length - done, CHUNK_BYTES);
      int read = channel.read(ByteBuffer.wrap(dst, dstOffset + done, part), at + done);
      if (read < 0) {
        throw GgufFormatException.at(
            path.toString(), at + done, "the file has become shorter since it was opened");
      }
      done += read;
    }
  }

  @Override
  public synchronized String sha256() throws IOException {
    if (sha256 == null) {
      MessageDigest digest;
      try {
        digest = MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError("every Java platform has SHA-256", e);
      }
      ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
      for (long at = 0; at < bytes; at += chunk.limit()) {
        chunk.clear();
        if (channel.read(chunk, at) < 0) {
          throw GgufFormatException.at(
              path.toString(), at, "the file has become shorter since it was opened");
        }
        digest.update(chunk.flip());
        chunk.rewind();
      }
      sha256 = HexFormat.of().formatHex(digest.digest());
    }
    return sha256;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
