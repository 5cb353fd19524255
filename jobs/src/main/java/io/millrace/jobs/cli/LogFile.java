package io.millrace.jobs.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where this process logs. The logging system reads the property once, at the first logger: a
 * command says so before it touches Kafka or Flink.
 */
public final class LogFile {
  private static final String DIRECTORY = "millrace.log.dir";
  private static final String NAME = "millrace.log";

  private LogFile() {}

  /** Logs into this directory, unless the user chose one. */
  public static void into(Path directory) {
    if (System.getProperty(DIRECTORY) == null) {
      System.setProperty(DIRECTORY, directory.toAbsolutePath().normalize().toString());
    }
  }

  /** The log file, where there is one. */
  static Optional<Path> current() {
    String directory =
        System.getProperty(DIRECTORY, System.getProperty("java.io.tmpdir") + "/millrace-logs");
    return Optional.of(Path.of(directory, NAME)).filter(Files::exists);
  }
}
