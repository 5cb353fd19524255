package io.millrace.jobs.ledger;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Which of a ledger's files count: together they hold each committed row once. */
public final class LedgerFiles {
  private static final int LISTINGS_MAX = 100;

  private LedgerFiles() {}

  /** How rows are written. */
  public enum Format {
    ARROW,
    PARQUET
  }

  /**
   * A file that counts. It may be gone when it is opened, because a compaction replaced it: list
   * again.
   */
  public record File(LocalDate day, Path path, Format format) {}

  /**
   * The files of some days.
   *
   * @param from first day, or null for the oldest
   * @param to last day, or null for the newest
   * @throws LedgerException if there is no ledger
   */
  public static List<File> in(Path ledger, LocalDate from, LocalDate to) throws LedgerException {
    LedgerDirectory directory = new LedgerDirectory(ledger);
    try {
      if (!Files.isDirectory(ledger)) {
        throw new LedgerException(ledger + " is no ledger: there is no such directory");
      }
      if (!directory.isLedger()) {
        throw new LedgerException(ledger + " is no ledger: it has no day=... folders");
      }
      List<File> files = new ArrayList<>();
      for (LocalDate day : directory.days()) {
        if ((from == null || !day.isBefore(from)) && (to == null || !day.isAfter(to))) {
          files.addAll(of(directory.folder(day), day));
        }
      }
      return files;
    } catch (IOException e) {
      throw new LedgerException("cannot list the ledger " + ledger + ": " + e.getMessage(), e);
    }
  }

  /**
   * A listing is not taken at one moment: files may come and go meanwhile. Two equal ones after
   * each other are, for no name comes back once it is gone.
   */
  private static List<File> of(Path folder, LocalDate day) throws IOException {
    Set<String> names = LedgerDirectory.names(folder);
    for (int listing = 0; listing < LISTINGS_MAX; listing++) {
      Set<String> replaced = replaced(folder, names);
      Set<String> again = LedgerDirectory.names(folder);
      if (replaced != null && names.equals(again)) {
        List<File> files = new ArrayList<>();
        for (String name : names) {
          if (hasRows(name) && !replaced.contains(name)) {
            files.add(new File(day, folder.resolve(name), formatOf(name)));
          }
        }
        return files;
      }
      names = again;
    }
    throw new IOException(folder + " has a compact file without its .replaces list");
  }

  private static boolean hasRows(String name) {
    return LedgerDirectory.isCompact(name) || LedgerDirectory.isPart(name);
  }

  private static Format formatOf(String name) {
    return LedgerDirectory.isPart(name) ? Format.ARROW : Format.PARQUET;
  }

  /**
   * Null if a list is gone: its compact file was replaced meanwhile. One that is alone needs none,
   * such as one that was copied from elsewhere.
   */
  private static Set<String> replaced(Path folder, Set<String> names) throws IOException {
    Set<String> replaced = new HashSet<>();
    if (names.stream().filter(LedgerFiles::hasRows).count() == 1) {
      return replaced;
    }
    try {
      for (String name : names) {
        if (LedgerDirectory.isCompact(name)) {
          replaced.addAll(LedgerDirectory.replacedBy(folder, name));
        }
      }
      return replaced;
    } catch (NoSuchFileException e) {
      return null;
    }
  }
}
