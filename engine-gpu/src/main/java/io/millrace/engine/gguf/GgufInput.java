package io.millrace.engine.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;

/**
 * Reads a file's numbers and strings in order, little-endian, and never past its end. A length or a
 * count is compared with the bytes that are left before anything is allocated for it.
 */
final class GgufInput {
  private final String file;
  private final FileChannel channel;
  private final long fileBytes;
  private final ByteBuffer buffer = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

  /** Where in the file the buffer's next byte stands. */
  private long position;

  GgufInput(String file, FileChannel channel, long fileBytes) {
    this.file = file;
    this.channel = channel;
    this.fileBytes = fileBytes;
    buffer.limit(0);
  }

  String file() {
    return file;
  }

  long fileBytes() {
    return fileBytes;
  }

  long position() {
    return position;
  }

  byte int8(String what) throws IOException {
    need(1, what);
    position++;
    return buffer.get();
  }

  short int16(String what) throws IOException {
    need(2, what);
    position += 2;
    return buffer.getShort();
  }

  /**
   * Reads a count.
   *
   * @param bytesMin fewest bytes that each of the counted things takes
   */
  long count(String what, long max, int bytesMin) throws IOException {
    long at = position;
    long count = int64("the number of " + what);
    if (count < 0 || count > (fileBytes - position) / bytesMin) {
      throw error(
          at, Long.toUnsignedString(count) + " " + what + " are more than the file has room for");
    }
    if (count > max) {
      throw error(at, count + " " + what + " are more than the limit of " + max);
    }
    return count;
  }

  String string(String what, int bytesMax) throws IOException {
    long at = position;
    long length = int64("the length of " + what);
    if (length < 0 || length > fileBytes - position) {
      throw error(
          at,
          what
              + " of "
              + Long.toUnsignedString(length)
              + " bytes is longer than the file has left");
    }
    if (length > bytesMax) {
      throw error(at, what + " of " + length + " bytes exceeds the limit of " + bytesMax);
    }
    byte[] bytes = new byte[(int) length];
    for (int done = 0; done < bytes.length; ) {
      need(1, what);
      int part = Math.min(buffer.remaining(), bytes.length - done);
      buffer.get(bytes, done, part);
      position += part;
      done += part;
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  int int32(String what) throws IOException {
    need(4, what);
    position += 4;
    return buffer.getInt();
  }

  long int64(String what) throws IOException {
    need(8, what);
    position += 8;
    return buffer.getLong();
  }

  float float32(String what) throws IOException {
    return Float.intBitsToFloat(int32(what));
  }

  double float64(String what) throws IOException {
    return Double.longBitsToDouble(int64(what));
  }

  /** Makes so many bytes ready in the buffer. */
  private void need(int bytes, String what) throws IOException {
    if (buffer.remaining() >= bytes) {
      return;
    }
    if (fileBytes - position < bytes) {
      throw error(position, "the file ends inside " + what);
    }
    long readAt = position + buffer.remaining();
    buffer.compact();
    while (buffer.position() < bytes) {
      int read = channel.read(buffer, readAt);
      if (read < 0) {
        throw error(readAt, "the file became shorter while it was read");
      }
      readAt += read;
    }
    buffer.flip();
  }

  GgufFormatException error(long at, String problem) {
    return GgufFormatException.at(file, at, problem);
  }
}
