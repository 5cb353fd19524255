package io.millrace.jobs.cli.batch;

import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.Models;
import io.millrace.jobs.cli.CommandFailure;
import io.millrace.jobs.cli.lines.InputLine;
import io.millrace.jobs.cli.lines.InputLines;
import io.millrace.jobs.cli.progress.ProgressPrinter;
import io.millrace.jobs.embedded.StartupException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;

/**
 * A batch from its files to its files. Its folder says at any moment what is to be done, so that
 * whatever ends this process, the same call goes on:
 *
 * <ol>
 *   <li>no manifest: nothing was begun;
 *   <li>a manifest: lines and answers are in the topics of the folder;
 *   <li>a manifest that says complete: the results are written and only need their names;
 *   <li>no folder, and an output: done.
 * </ol>
 */
public final class Batch {
  private final BatchFiles files;
  private final Configuration options;
  private final Models models;

  /** A batch over these files, answered as the options say. */
  public Batch(BatchFiles files, Configuration options, Models models) {
    this.files = files;
    this.options = options;
    this.models = models;
  }

  /**
   * Begins, or goes on.
   *
   * @param overwrite whether results that are there may be replaced
   * @param started told of the run once its pipeline runs
   * @return nothing when an earlier run had settled every line
   * @throws CommandFailure when the folder or the results belong to something else
   */
  public Optional<BatchRun.Summary> run(
      boolean overwrite, ProgressPrinter progress, Consumer<BatchRun> started) throws IOException {
    Manifest wanted = Manifest.of(files.input(), text(options), digests());
    Optional<Manifest> begun = Manifest.read(files.folder());
    if (begun.isPresent()) {
      requireSame(begun.get(), wanted);
      if (begun.get().complete()) {
        finish();
        return Optional.empty();
      }
      progress.message("going on with the batch in " + files.folder());
    } else {
      requireNothingThere(overwrite);
      Files.createDirectories(files.folder());
      wanted.write(files.folder());
    }
    BatchRun.Summary summary;
    try (BatchRun run = start(progress, begun.isEmpty())) {
      started.accept(run);
      summary = run.run(countLines());
      wanted.completed().write(files.folder());
      publish();
    }
    deleteFolder();
    return Optional.of(summary);
  }

  private BatchRun start(ProgressPrinter progress, boolean fresh) throws IOException {
    try {
      return BatchRun.start(files, options, models, progress);
    } catch (StartupException | IllegalArgumentException e) {
      if (fresh) {
        deleteFolder(); // so that the next try may differ
      }
      throw e;
    }
  }

  private void requireSame(Manifest begun, Manifest wanted) {
    if (!begun.sameInput(wanted)) {
      throw CommandFailure.failed(
          files.input()
              + " is not the file that the batch in "
              + files.folder()
              + " was begun with; remove that folder to start over");
    }
    if (!begun.options().equals(wanted.options())) {
      throw CommandFailure.failed(
          "the batch in "
              + files.folder()
              + " was begun with another model or other options; repeat them, or remove that folder"
              + " to start over");
    }
    if (!begun.sameModels(wanted)) {
      throw CommandFailure.failed(
          "the batch in "
              + files.folder()
              + " was begun with other weights: a model's file has changed; put it back, or remove"
              + " that folder to start over");
    }
  }

  private String digests() throws IOException {
    Map<String, String> digests = new TreeMap<>();
    for (String model : options.get(MillraceOptions.MODELS)) {
      digests.put(model, models.profile(options, model).digest());
    }
    return digests.toString();
  }

  private void requireNothingThere(boolean overwrite) throws IOException {
    for (Path file : new Path[] {files.output(), files.errors()}) {
      if (Files.exists(file) && !overwrite) {
        throw CommandFailure.wrongUse(file + " exists; remove it, or say --overwrite");
      }
    }
    if (Files.isRegularFile(files.folder())) {
      throw CommandFailure.wrongUse(files.folder() + " is a file; the batch needs a folder there");
    }
    if (Files.isDirectory(files.folder().resolve("kafka"))) {
      throw CommandFailure.wrongUse(
          files.folder() + " holds something else than a batch; choose another folder with --data");
    }
  }

  private long countLines() throws IOException {
    long count = 0;
    try (InputLines lines = InputLines.of(files.input(), BatchRun.lineBytesMax(options))) {
      for (InputLine line = lines.next(); line != null; line = lines.next()) {
        count += line.blank() ? 0 : 1;
      }
    }
    return count;
  }

  private void finish() throws IOException {
    publish();
    deleteFolder();
  }

  /** The answers last: once they are there, all is. */
  private void publish() throws IOException {
    DurableFile.publish(files.errors());
    DurableFile.publish(files.output());
  }

  /** The manifest last: until then this can be done again. */
  private void deleteFolder() throws IOException {
    try (Stream<Path> tree = Files.walk(files.folder())) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        if (!path.equals(files.folder()) && !Manifest.isAt(path, files.folder())) {
          Files.deleteIfExists(path);
        }
      }
    }
    Manifest.delete(files.folder());
    Files.deleteIfExists(files.folder());
  }

  private static String text(Configuration options) {
    return new TreeMap<>(options.toMap()).toString();
  }
}
