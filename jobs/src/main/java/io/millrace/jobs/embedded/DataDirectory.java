package io.millrace.jobs.embedded;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Where an embedded pipeline keeps what must outlive it, for one process at a time:
 *
 * <pre>
 * kafka/        the broker's topics and offsets
 * checkpoints/  by job: retained checkpoints
 * savepoints/   by job
 * ledger/       rows of costs as files
 * logs/         of the broker and of Flink, bounded
 * tmp/          emptied at every start: RocksDB's working files, Flink's working directory
 * lock          held while a process uses the directory; names that process
 * </pre>
 */
public final class DataDirectory implements AutoCloseable {

  private static final int PID_CHARS_MAX = 20;

  private final Path root;
  private final FileChannel lockFile;

  private DataDirectory(Path root, FileChannel lockFile) {
    this.root = root;
    this.lockFile = lockFile;
  }

  /**
   * Creates the directory where it is missing, and locks it.
   *
   * @throws StartupException when it cannot be created or written, or another process uses it
   */
  public static DataDirectory open(Path root) {
    Path absolute = root.toAbsolutePath().normalize();
    FileChannel lockFile = null;
    try {
      Files.createDirectories(absolute);
      lockFile =
          FileChannel.open(
              absolute.resolve("lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      if (!lock(lockFile)) {
        String owner = owner(lockFile);
        lockFile.close();
        throw new StartupException(
            absolute
                + " is in use by "
                + (owner.isBlank() ? "another process" : "process " + owner)
                + "; stop it or choose another directory with --data");
      }
      DataDirectory directory = new DataDirectory(absolute, lockFile);
      deleteTree(directory.tmp());
      for (Path child :
          new Path[] {
            directory.kafka(),
            directory.checkpoints(),
            directory.savepoints(),
            directory.logs(),
            directory.tmp()
          }) {
        Files.createDirectories(child);
      }
      return directory;
    } catch (FileAlreadyExistsException e) {
      throw unusable(absolute, "is not a directory", lockFile, e);
    } catch (IOException e) {
      throw unusable(
          absolute, "cannot be written (" + e.getClass().getSimpleName() + ")", lockFile, e);
    }
  }

  public Path root() {
    return root;
  }

  public Path kafka() {
    return root.resolve("kafka");
  }

  public Path checkpoints() {
    return root.resolve("checkpoints");
  }

  public Path savepoints() {
    return root.resolve("savepoints");
  }

  /** Made by the ledger job, where it runs. */
  public Path ledger() {
    return root.resolve("ledger");
  }

  public Path logs() {
    return root.resolve("logs");
  }

  public Path tmp() {
    return root.resolve("tmp");
  }

  /** Lets another process use the directory; the lock also ends with the process. */
  @Override
  public void close() {
    try {
      lockFile.close();
    } catch (IOException e) {
      // The lock ends with the process at the latest.
    }
  }

  private static boolean lock(FileChannel lockFile) throws IOException {
    try {
      FileLock lock = lockFile.tryLock();
      if (lock == null) {
        return false;
      }
    } catch (OverlappingFileLockException e) {
      return false; // this very process holds it
    }
    byte[] pid = Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII);
    lockFile.truncate(0).write(ByteBuffer.wrap(pid), 0);
    return true;
  }

  private static String owner(FileChannel lockFile) throws IOException {
    ByteBuffer pid = ByteBuffer.allocate(PID_CHARS_MAX);
    lockFile.read(pid, 0);
    return new String(pid.array(), 0, pid.position(), StandardCharsets.US_ASCII);
  }

  private static StartupException unusable(
      Path root, String why, FileChannel lockFile, IOException cause) {
    StartupException failure =
        new StartupException(root + " " + why + "; choose another directory with --data", cause);
    if (lockFile != null) {
      try {
        lockFile.close();
      } catch (IOException e) {
        failure.addSuppressed(e);
      }
    }
    return failure;
  }

  private static void deleteTree(Path tree) throws IOException {
    if (!Files.isDirectory(tree)) {
      return;
    }
    Files.walkFileTree(
        tree,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
