package io.millrace.jobs.cli.lines;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a file line by line; of a line that is too long only its length. */
public final class InputLines implements Closeable {
  private static final int BUFFER_BYTES = 1 << 16;

  private final InputStream in;
  private final int lineBytesMax;
  private long number;

  /** Reads {@code in}, which closes with this. */
  public InputLines(InputStream in, int lineBytesMax) {
    this.in = new BufferedInputStream(in, BUFFER_BYTES);
    this.lineBytesMax = lineBytesMax;
  }

  /** Reads a file. */
  public static InputLines of(Path file, int lineBytesMax) throws IOException {
    return new InputLines(Files.newInputStream(file), lineBytesMax);
  }

  /** The next line, or null at the end. A last line need not end in a line feed. */
  public InputLine next() throws IOException {
    int b = in.read();
    if (b < 0) {
      return null;
    }
    number++;
    ByteArrayOutputStream kept = new ByteArrayOutputStream(1024);
    long length = 0;
    for (; b >= 0 && b != '\n'; b = in.read()) {
      length++;
      if (length <= lineBytesMax) {
        kept.write(b);
      }
    }
    if (length > lineBytesMax) {
      return new InputLine(number, null, length);
    }
    byte[] bytes = kept.toByteArray();
    if (bytes.length > 0 && bytes[bytes.length - 1] == '\r') {
      bytes = java.util.Arrays.copyOf(bytes, bytes.length - 1);
    }
    return new InputLine(number, bytes, bytes.length);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
