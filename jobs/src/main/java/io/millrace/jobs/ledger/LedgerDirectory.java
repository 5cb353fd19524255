package io.millrace.jobs.ledger;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where a ledger's files lie and what their names say.
 *
 * <pre>
 *   pending/                         written, not committed: nobody reads here
 *   day=2026-11-23/
 *     part-0-17-3f9c2a10-1.arrow     subtask, checkpoint before it, run of the writer, number
 *     compact-1.parquet              counts instead of the files that compact-1.replaces names,
 *     compact-1.replaces             one a line, from the moment that it is there
 *   compact.lock                     held by a compaction
 * </pre>
 *
 * <p>A file comes here by a rename inside one file system, after the disk has its content; no name
 * is used twice, and nothing changes a file. So the directory is one of a local disk, or of a
 * network file system whose renames are atomic and which all machines of the job share.
 */
final class LedgerDirectory {
  static final String ARROW = ".arrow";
  static final String PARQUET = ".parquet";

  private static final String DAY = "day=";
  private static final String REPLACES = ".replaces";
  private static final String TEMPORARY = ".tmp";
  private static final Pattern PART =
      Pattern.compile("part-(\\d{1,9})-(\\d{1,18})-[0-9a-f]{8}-\\d{1,18}\\.arrow");
  private static final Pattern COMPACT =
      Pattern.compile("compact-(\\d{1,9})(\\.parquet|\\.replaces)");

  private final Path root;

  LedgerDirectory(Path root) {
    this.root = root;
  }

  Path root() {
    return root;
  }

  Path lockFile() {
    return root.resolve("compact.lock");
  }

  Path pending() {
    return root.resolve("pending");
  }

  /** Where a file of this name is until it is published. */
  Path pending(String name) {
    return pending().resolve(name + TEMPORARY);
  }

  Path folder(LocalDate day) {
    return root.resolve(DAY + day);
  }

  /** Makes it a ledger, if it is none yet. */
  void create() throws IOException {
    Files.createDirectories(pending());
  }

  /** Whether a job has ever written here, or someone copied days from where one did. */
  boolean isLedger() throws IOException {
    return Files.isDirectory(pending()) || !days().isEmpty();
  }

  /** The days that have a folder, oldest first. */
  List<LocalDate> days() throws IOException {
    return names(root).stream().flatMap(name -> day(name).stream()).sorted().toList();
  }

  /** Names in a folder, sorted; none if it is not there. */
  static Set<String> names(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .map(path -> path.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (NoSuchFileException e) {
      return new TreeSet<>();
    }
  }

  static boolean isCompact(String name) {
    return COMPACT.matcher(name).matches() && name.endsWith(PARQUET);
  }

  static boolean isPart(String name) {
    return name.endsWith(ARROW);
  }

  static String partName(int subtask, long checkpointBefore, String run, long number) {
    return "part-" + subtask + "-" + checkpointBefore + "-" + run + "-" + number + ARROW;
  }

  /** A number that no compact file of these has had. */
  static int nextCompact(Set<String> names) {
    int next = 1;
    for (String name : names) {
      Matcher compact = COMPACT.matcher(name);
      if (compact.matches()) {
        next = Math.max(next, Integer.parseInt(compact.group(1)) + 1);
      }
    }
    return next;
  }

  static String compactName(int number) {
    return "compact-" + number + PARQUET;
  }

  /** The name of the list of what a compact file replaces. */
  static String listOf(String compactName) {
    return compactName.replace(PARQUET, REPLACES);
  }

  static boolean isList(String name) {
    return COMPACT.matcher(name).matches() && name.endsWith(REPLACES);
  }

  /** What a compact file replaces. */
  static List<String> replacedBy(Path folder, String compactName) throws IOException {
    return Files.readAllLines(folder.resolve(listOf(compactName)));
  }

  /**
   * Moves a complete file to its day. Doing it again changes nothing, even if the file was
   * compacted since.
   *
   * @throws IOException if the file is nowhere
   */
  void publish(PendingFile file) throws IOException {
    Path folder = folder(file.day());
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(folder);
      sync(root);
    }
    try {
      Files.move(pending(file.name()), folder.resolve(file.name()), StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      if (!Files.exists(folder.resolve(file.name())) && !wasReplaced(folder, file.name())) {
        throw new IOException(
            "the ledger's file "
                + file.name()
                + " of "
                + file.day()
                + " is neither in "
                + pending()
                + " nor in "
                + folder
                + ": its rows are lost; read the costs topic into a new ledger",
            e);
      }
    }
  }

  private static boolean wasReplaced(Path folder, String name) throws IOException {
    Set<String> names = names(folder);
    for (String other : names) {
      if (isCompact(other)
          && names.contains(listOf(other))
          && replacedBy(folder, other).contains(name)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Removes what earlier runs of a subtask wrote after the checkpoint from which the job goes on:
   * no checkpoint knows of it, and its rows come again. Subtasks beyond the parallelism are no
   * more; theirs are dealt to those that are.
   */
  void removeLeftOvers(int subtask, int parallelism, long restoredCheckpoint) throws IOException {
    for (String name : names(pending())) {
      Matcher part =
          PART.matcher(name.substring(0, Math.max(0, name.length() - TEMPORARY.length())));
      if (part.matches()
          && Integer.parseInt(part.group(1)) % parallelism == subtask
          && Long.parseLong(part.group(2)) >= restoredCheckpoint) {
        Files.deleteIfExists(pending().resolve(name));
      }
    }
  }

  /** Waits until the disk has a folder's names; does nothing where folders cannot be opened. */
  static void sync(Path folder) throws IOException {
    FileChannel channel;
    try {
      channel = FileChannel.open(folder, StandardOpenOption.READ);
    } catch (IOException e) {
      return; // Windows
    }
    try (channel) {
      channel.force(true);
    }
  }

  private static Optional<LocalDate> day(String name) {
    if (!name.startsWith(DAY)) {
      return Optional.empty();
    }
    try {
      return Optional.of(LocalDate.parse(name.substring(DAY.length())));
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
