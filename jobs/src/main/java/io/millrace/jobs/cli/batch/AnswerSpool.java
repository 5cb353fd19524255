package io.millrace.jobs.cli.batch;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * Keeps what came for each produced line on disk, to be read in the file's order at the end. In
 * memory a line takes 12 bytes.
 */
final class AnswerSpool implements Closeable {
  private static final int FIRST_CAPACITY = 1 << 10;

  private final FileChannel file;
  private long[] positions = new long[FIRST_CAPACITY];

  /** Bytes of each entry, plus one: 0 is none. */
  private int[] lengths = new int[FIRST_CAPACITY];

  private long end;
  private long count;

  AnswerSpool(Path path) throws IOException {
    file =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
  }

  /**
   * Keeps an entry, unless there is one for this line.
   *
   * @return whether it was kept
   */
  boolean put(long sequence, byte[] entry) throws IOException {
    int index = Math.toIntExact(sequence);
    if (index >= positions.length) {
      int capacity = (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(2L * index, FIRST_CAPACITY));
      positions = Arrays.copyOf(positions, capacity);
      lengths = Arrays.copyOf(lengths, capacity);
    }
    if (lengths[index] != 0) {
      return false;
    }
    positions[index] = end;
    lengths[index] = entry.length + 1;
    ByteBuffer bytes = ByteBuffer.wrap(entry);
    while (bytes.hasRemaining()) {
      end += file.write(bytes, end);
    }
    count++;
    return true;
  }

  /** The line's entry, or null while it has none. */
  byte[] get(long sequence) throws IOException {
    int index = Math.toIntExact(sequence);
    if (index >= lengths.length || lengths[index] == 0) {
      return null;
    }
    ByteBuffer entry = ByteBuffer.allocate(lengths[index] - 1);
    while (entry.hasRemaining()) {
      if (file.read(entry, positions[index] + entry.position()) < 0) {
        throw new IOException("the spool of answers ends too soon");
      }
    }
    return entry.array();
  }

  /** Lines that have an entry. */
  long count() {
    return count;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
