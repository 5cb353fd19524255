package io.millrace.jobs.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Finds what a job left behind: {@code <directory>/<job id>/chk-<n>/_metadata}. Flink gives the
 * metadata its name only when all of it is written, so a checkpoint with metadata is complete.
 */
public final class Checkpoints {

  private static final Pattern CHECKPOINT = Pattern.compile("chk-(\\d{1,18})");
  private static final Pattern JOB_ID = Pattern.compile("[0-9a-f]{32}");

  private record Complete(Path path, FileTime written, long number) {}

  private Checkpoints() {}

  /**
   * The newest complete checkpoint of any job id in {@code directory}, and nothing when there is
   * none or no such directory. Two written within the clock's resolution are told apart by number.
   */
  public static Optional<Path> newestIn(Path directory) {
    List<Complete> complete = new ArrayList<>();
    for (Path job : children(directory, JOB_ID)) {
      for (Path checkpoint : children(job, CHECKPOINT)) {
        read(checkpoint).ifPresent(complete::add);
      }
    }
    return complete.stream()
        .max(Comparator.comparing(Complete::written).thenComparing(Complete::number))
        .map(Complete::path);
  }

  private static Optional<Complete> read(Path checkpoint) {
    Path metadata = checkpoint.resolve("_metadata");
    Matcher name = CHECKPOINT.matcher(checkpoint.getFileName().toString());
    try {
      if (!name.matches() || Files.size(metadata) == 0) {
        return Optional.empty();
      }
      return Optional.of(
          new Complete(
              checkpoint, Files.getLastModifiedTime(metadata), Long.parseLong(name.group(1))));
    } catch (NoSuchFileException e) {
      return Optional.empty(); // never completed, or deleted just now by a running job
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + metadata, e);
    }
  }

  private static List<Path> children(Path directory, Pattern name) {
    try (Stream<Path> children = Files.list(directory)) {
      return children.filter(c -> name.matcher(c.getFileName().toString()).matches()).toList();
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list " + directory, e);
    }
  }
}
