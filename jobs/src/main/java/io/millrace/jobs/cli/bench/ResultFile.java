package io.millrace.jobs.cli.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.cli.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The file that {@code --json} names. */
final class ResultFile {
  private ResultFile() {}

  /**
   * Writes a result on one line.
   *
   * @param result what Jackson can write
   * @throws CommandFailure naming the file, if it cannot be written
   */
  static void write(Path json, Object result) {
    try {
      Files.writeString(json, new ObjectMapper().writeValueAsString(result) + "\n");
    } catch (IOException e) {
      throw CommandFailure.failed("cannot write " + json, e);
    }
  }
}
