package io.millrace.jobs.cli.demo;

import io.millrace.jobs.cli.CommandFailure;
import io.millrace.jobs.embedded.DataDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A directory that every demo begins anew, and nothing but demos has used. */
public final class DemoDirectory {
  private static final String MARKER = "millrace-demo";

  private DemoDirectory() {}

  /**
   * Empties the directory, or makes it.
   *
   * @throws CommandFailure when it holds anything else than a demo
   */
  public static void begin(Path directory) throws IOException {
    if (Files.exists(directory) && !isEmpty(directory)) {
      if (!Files.exists(directory.resolve(MARKER))) {
        throw CommandFailure.wrongUse(
            directory + " holds something else than a demo; choose another directory with --data");
      }
      DataDirectory.open(directory).close(); // tells when another demo uses it
      try (Stream<Path> tree = Files.walk(directory)) {
        for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
    Files.createDirectories(directory);
    Files.writeString(directory.resolve(MARKER), "");
  }

  private static boolean isEmpty(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return false;
    }
    try (Stream<Path> children = Files.list(directory)) {
      return children.findAny().isEmpty();
    }
  }
}
