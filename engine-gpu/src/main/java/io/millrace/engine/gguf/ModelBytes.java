package io.millrace.engine.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;

/**
 * The bytes of one open file of a model. Thread-safe.
 *
 * <p>A thread that is interrupted while it reads closes the file for all (as every {@link
 * FileChannel} does).
 */
public final class ModelBytes implements AutoCloseable {
  /** Bytes handed to the channel at once: it copies through a buffer of this size, off the heap. */
  private static final int CHUNK_BYTES = 1 << 20;

  private final Path path;
  private final FileChannel channel;
  private final long bytes;

  private ModelBytes(Path path, FileChannel channel, long bytes) {
    this.path = path;
    this.channel = channel;
    this.bytes = bytes;
  }

  /** Adds all that makes up a model to a digest. */
  @FunctionalInterface
  public interface Content {
    void digest(MessageDigest digest) throws IOException;
  }

  /**
   * Opens a file.
   *
   * @throws GgufFormatException if it is a folder, a pipe or a device
   * @throws IOException if it cannot be read
   */
  public static ModelBytes open(Path path) throws IOException {
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      // Opening a pipe or a terminal could wait for ever.
      throw new GgufFormatException(path + ": not a file");
    }
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new ModelBytes(path, channel, channel.size());
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  /** SHA-256 of some content, in lower-case hexadecimal. */
  public static String sha256(Content content) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      content.digest(digest);
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  public Path path() {
    return path;
  }

  /** The file's size when it was opened. */
  public long bytes() {
    return bytes;
  }

  /** Reads a GGUF header from the file's start. */
  GgufInput header() {
    return new GgufInput(path.toString(), channel, bytes);
  }

  /**
   * Reads bytes from a place in the file.
   *
   * @throws IOException if the file cannot be read or has become shorter
   */
  public void read(long at, byte[] dst, int dstOffset, int length) throws IOException {
    Objects.checkFromIndexSize(at, length, bytes);
    Objects.checkFromIndexSize(dstOffset, length, dst.length);
    for (int done = 0; done < length; ) {
      int part = Math.min(length - done, CHUNK_BYTES);
      int read = channel.read(ByteBuffer.wrap(dst, dstOffset + done, part), at + done);
      if (read < 0) {
        throw shorter(at + done);
      }
      done += read;
    }
  }

  /** Adds the whole file to a digest. */
  public void digest(MessageDigest digest) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
    for (long at = 0; at < bytes; at += chunk.limit()) {
      chunk.clear();
      if (channel.read(chunk, at) < 0) {
        throw shorter(at);
      }
      digest.update(chunk.flip());
      chunk.rewind();
    }
  }

  private GgufFormatException shorter(long at) {
    return GgufFormatException.at(
        path.toString(), at, "the file has become shorter since it was opened");
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
