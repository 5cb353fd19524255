package io.millrace.jobs.cli.batch;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that is there as a whole or not at all: written beside its place, forced to disk, then
 * renamed.
 */
final class DurableFile {
  private static final String SUFFIX = ".millrace-tmp";
  private static final int BUFFER_BYTES = 1 << 16;

  private DurableFile() {}

  static void write(Path file, byte[] content) throws IOException {
    try (OutputStream out = create(file)) {
      out.write(content);
    }
    publish(file);
  }

  /** Writes what {@link #publish} will give its name; closing forces it to disk. */
  static OutputStream create(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            unpublished(file),
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    OutputStream buffered =
        new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES);
    return new FilterOutputStream(buffered) {
      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
      }

      @Override
      public void close() throws IOException {
        try (channel) {
          out.flush();
          channel.force(true);
        }
      }
    };
  }

  /** Gives the file its name, over one that was there. Does nothing when that was done before. */
  static void publish(Path file) throws IOException {
    Path unpublished = unpublished(file);
    if (!Files.exists(unpublished)) {
      return;
    }
    Files.move(
        unpublished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel directory = FileChannel.open(file.toAbsolutePath().getParent())) {
      directory.force(true);
    } catch (IOException e) {
      // Not every file system can; the rename itself is done.
    }
  }

  static void discard(Path file) throws IOException {
    Files.deleteIfExists(unpublished(file));
  }

  private static Path unpublished(Path file) {
    return file.resolveSibling(file.getFileName() + SUFFIX);
  }
}
