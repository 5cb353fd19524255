package io.millrace.jobs.cli.traffic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.cli.CommandFailure;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A customer's message.
 *
 * @param system the system message before it, or null
 * @param message the text
 * @param wanted the object that a right answer is
 */
public record Sample(String system, String message, JsonNode wanted) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Enough variety, and a bound on what is kept in memory. */
  private static final int SAMPLES_MAX = 5_000;

  /** Whether an answer is this one in all its fields. */
  public boolean isRight(String answer) {
    try {
      return wanted.equals(JSON.readTree(answer));
    } catch (IOException e) {
      return false;
    }
  }

  /** Reads lines of {@code {"message", "answer"}}, some with a {@code "system"}. */
  public static List<Sample> read(Path file) throws IOException {
    List<Sample> samples = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      for (String line = lines.readLine();
          line != null && samples.size() < SAMPLES_MAX;
          line = lines.readLine()) {
        JsonNode node = JSON.readTree(line);
        if (!node.path("message").isTextual() || !node.path("answer").isObject()) {
          throw new IOException(file + ": line " + (samples.size() + 1) + " is no sample");
        }
        samples.add(
            new Sample(
                node.path("system").asText(null),
                node.get("message").textValue(),
                node.get("answer")));
      }
    }
    if (samples.isEmpty()) {
      throw CommandFailure.failed(file + " is empty");
    }
    return samples;
  }
}
