package io.millrace.jobs.ledger;

import io.millrace.jobs.ledger.LedgerFiles.Format;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes one Parquet file of a day's files.
 *
 * <p>The new file counts from one rename on, and says which files it replaces; only then are those
 * deleted. Whatever ends a compaction between two steps leaves each row once, and the next one
 * clears up. Rows that come late for a day are parts again, which the next compaction joins.
 */
public final class Compaction {
  private final LedgerDirectory ledger;

  /** Over a ledger's directory. */
  public Compaction(Path ledger) {
    this.ledger = new LedgerDirectory(ledger);
  }

  /**
   * What was done to a day.
   *
   * @param files how many became one
   * @param bytesBefore their size
   * @param bytesAfter the size of the one
   */
  public record Compacted(LocalDate day, int files, long rows, long bytesBefore, long bytesAfter) {}

  /**
   * Compacts every day before another one that has more than a Parquet file.
   *
   * @return the days that were compacted
   * @throws LedgerException if there is no ledger, another compaction runs, or a file cannot be
   *     read or written
   */
  public List<Compacted> before(LocalDate end) throws LedgerException {
    LedgerFiles.in(ledger.root(), end, end); // is it a ledger?
    try (FileChannel channel =
            FileChannel.open(
                ledger.lockFile(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = lock(channel)) {
      List<Compacted> compacted = new ArrayList<>();
      for (LocalDate day : ledger.days()) {
        if (day.isBefore(end)) {
          compact(day, compacted);
        }
      }
      return compacted;
    } catch (IOException e) {
      throw new LedgerException(
          "cannot compact " + ledger.root() + ": " + e.getMessage() + "; nothing is lost", e);
    }
  }

  private FileLock lock(FileChannel channel) throws IOException, LedgerException {
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // this very process holds it
    }
    if (lock == null) {
      throw new LedgerException("another compaction of " + ledger.root() + " is running");
    }
    return lock;
  }

  private void compact(LocalDate day, List<Compacted> compacted)
      throws IOException, LedgerException {
    Path folder = ledger.folder(day);
    List<LedgerFiles.File> files = LedgerFiles.in(ledger.root(), day, day);
    boolean done = files.size() == 1 && files.get(0).format() == Format.PARQUET;
    if (!files.isEmpty() && !done) {
      compacted.add(join(day, folder));
    }
    clear(day, folder);
  }

  private Compacted join(LocalDate day, Path folder) throws IOException, LedgerException {
    String name =
        LedgerDirectory.compactName(LedgerDirectory.nextCompact(LedgerDirectory.names(folder)));
    Path parquet = ledger.pending(name);
    List<LedgerFiles.File> files;
    long rows;
    try (LedgerReader reader = LedgerReader.open(ledger.root(), day, day);
        Statement sql = reader.connection().createStatement()) {
      files = reader.files();
      Files.deleteIfExists(parquet);
      sql.execute(
          "COPY (SELECT * FROM ledger ORDER BY event_time, costs_partition, costs_offset) TO "
              + LedgerSql.text(parquet.toString())
              + " (FORMAT parquet, COMPRESSION zstd)");
      rows = verify(sql, parquet);
    } catch (SQLException e) {
      throw new LedgerException(
          "cannot compact " + day + ": " + LedgerSql.reason(e) + "; nothing is lost", e);
    }
    force(parquet);
    long bytesBefore = 0;
    Set<String> replaced = new TreeSet<>();
    for (LedgerFiles.File file : files) {
      String old = file.path().getFileName().toString();
      bytesBefore += Files.size(file.path());
      replaced.add(old);
      if (file.format() == Format.PARQUET && Files.exists(folder.resolve(listOf(old)))) {
        replaced.addAll(LedgerDirectory.replacedBy(folder, old));
      }
    }
    Path list = ledger.pending(listOf(name));
    Files.write(list, replaced);
    force(list);
    Files.move(list, folder.resolve(listOf(name)), StandardCopyOption.ATOMIC_MOVE);
    LedgerDirectory.sync(folder);
    Files.move(parquet, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    LedgerDirectory.sync(folder);
    return new Compacted(day, files.size(), rows, bytesBefore, Files.size(folder.resolve(name)));
  }

  private static String listOf(String compactName) {
    return LedgerDirectory.listOf(compactName);
  }

  /** The new file has the very rows of the old ones, or it is not taken. */
  private static long verify(Statement sql, Path parquet) throws SQLException, LedgerException {
    String written = "SELECT * FROM " + LedgerSql.parquet(List.of(parquet));
    long rows = count(sql, "SELECT count(*) FROM ledger");
    if (count(sql, "SELECT count(*) FROM (" + written + ")") != rows
        || count(sql, "SELECT count(*) FROM (SELECT * FROM ledger EXCEPT ALL " + written + ")")
            != 0) {
      throw new LedgerException(parquet + " does not hold the rows that were written into it");
    }
    return rows;
  }

  private static long count(Statement sql, String query) throws SQLException {
    try (ResultSet result = sql.executeQuery(query)) {
      result.next();
      return result.getLong(1);
    }
  }

  /** Deletes what no longer counts, and lists of compact files that are no more. */
  private void clear(LocalDate day, Path folder) throws IOException, LedgerException {
    List<Path> counting =
        LedgerFiles.in(ledger.root(), day, day).stream().map(LedgerFiles.File::path).toList();
    List<String> old =
        LedgerDirectory.names(folder).stream()
            .filter(
                name ->
                    LedgerDirectory.isPart(name)
                        || LedgerDirectory.isCompact(name)
                        || LedgerDirectory.isList(name))
            .filter(name -> !counting.contains(folder.resolve(name)))
            .filter(name -> !(LedgerDirectory.isList(name) && counts(counting, name)))
            // Lists last: a compact file without its list would count what it replaces.
            .sorted(Comparator.comparing(LedgerDirectory::isList))
            .toList();
    for (String name : old) {
      Files.deleteIfExists(folder.resolve(name));
    }
  }

  private static boolean counts(List<Path> counting, String list) {
    return counting.stream()
        .map(path -> path.getFileName().toString())
        .anyMatch(name -> LedgerDirectory.listOf(name).equals(list));
  }

  private static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }
}
