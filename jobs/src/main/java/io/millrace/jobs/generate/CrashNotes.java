package io.millrace.jobs.generate;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.execution.Environment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a generate subtask leaves to its next run outside of checkpoints, for what to do when none
 * completes: one small file beside them. It holds names of requests, no text.
 *
 * <p>It is there while the subtask runs, and gone when it ended in an orderly way: a file that is
 * found at a start tells of a crash. A file that cannot be read or written costs its knowledge and
 * nothing else.
 */
final class CrashNotes {
  private static final Logger LOG = LoggerFactory.getLogger(CrashNotes.class);

  private static final int BYTES_MAX = 64 << 10;
  private static final int CRASHES_MAX = 64;

  /** Null where there is no place for it. */
  private final Path file;

  /**
   * What is noted.
   *
   * @param checkpoint the one that the run began from, or {@link #NO_CHECKPOINT}
   * @param restarts crashes of runs that began from it
   * @param isolatedLeft requests that are to run alone, this one with them
   * @param alone the request that the engine runs alone, or null
   * @param crashesAlone how often requests ran alone when the process ended, by their ids
   */
  record Note(
      long checkpoint,
      int restarts,
      int isolatedLeft,
      String alone,
      Map<String, Integer> crashesAlone) {
    static final long NO_CHECKPOINT = -1;

    Note withAlone(String requestId, int left) {
      return new Note(checkpoint, restarts, left, requestId, crashesAlone);
    }
  }

  /**
   * @param file where to note; null to note nothing
   */
  CrashNotes(Path file) {
    this.file = file;
  }

  /**
   * The file of a subtask, in the folder of its job's checkpoints; null where there is no such
   * folder.
   */
  static Path file(Environment task) {
    String folder =
        task.getJobConfiguration()
            .getOptional(CheckpointingOptions.CHECKPOINTS_DIRECTORY)
            .orElseGet(
                () ->
                    task.getTaskManagerInfo()
                        .getConfiguration()
                        .get(CheckpointingOptions.CHECKPOINTS_DIRECTORY));
    if (folder == null) {
      return null;
    }
    return new Path(
        new Path(folder, "crash-notes"),
        task.getJobID()
            + "-"
            + task.getJobVertexId()
            + "-"
            + task.getTaskInfo().getIndexOfThisSubtask());
  }

  /** What the last run left; null if it ended in an orderly way, or there was none. */
  Note read() {
    try {
      if (file == null || !fileSystem().exists(file)) {
        return null;
      }
      try (InputStream in = fileSystem().open(file)) {
        return parsed(new String(in.readNBytes(BYTES_MAX), UTF_8));
      }
    } catch (IOException | RuntimeException e) {
      LOG.warn("{} cannot be read", file, e);
      return null;
    }
  }

  /** Has the next run know; durable when this returns. */
  void write(Note note) {
    if (file == null) {
      return;
    }
    try (OutputStream out = fileSystem().create(file, WriteMode.OVERWRITE)) {
      out.write(text(note).getBytes(UTF_8));
    } catch (IOException e) {
      LOG.warn(
          "{} cannot be written: a prompt that crashes the process will not be found", file, e);
    }
  }

  /** The run ends in an orderly way. */
  void delete() {
    try {
      if (file != null) {
        fileSystem().delete(file, false);
      }
    } catch (IOException e) {
      LOG.warn("{} cannot be deleted", file, e);
    }
  }

  private FileSystem fileSystem() throws IOException {
    return file.getFileSystem();
  }

  private static String text(Note note) {
    StringBuilder text = new StringBuilder();
    text.append("checkpoint ").append(note.checkpoint()).append('\n');
    text.append("restarts ").append(note.restarts()).append('\n');
    text.append("left ").append(note.isolatedLeft()).append('\n');
    if (note.alone() != null) {
      text.append("alone ").append(note.alone()).append('\n');
    }
    note.crashesAlone().entrySet().stream()
        .limit(CRASHES_MAX)
        .forEach(
            crash -> text.append(crash.getKey()).append(' ').append(crash.getValue()).append('\n'));
    return text.toString();
  }

  private static Note parsed(String text) {
    long checkpoint = Note.NO_CHECKPOINT;
    int restarts = 0;
    int left = 0;
    String alone = null;
    Map<String, Integer> crashes = new TreeMap<>();
    for (String line : text.lines().toList()) {
      String[] words = line.split(" ", 2);
      switch (words[0]) {
        case "checkpoint" -> checkpoint = Long.parseLong(words[1]);
        case "restarts" -> restarts = Integer.parseInt(words[1]);
        case "left" -> left = Integer.parseInt(words[1]);
        case "alone" -> alone = words[1];
        default -> crashes.put(words[0], Integer.valueOf(words[1]));
      }
    }
    return new Note(checkpoint, restarts, left, alone, crashes);
  }
}
