package io.millrace.jobs.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** kcat, a Kafka client that is not Java's: Debian's package of this name. */
public final class Kcat {
  private final String bootstrapServers;

  public Kcat(String bootstrapServers) {
    this.bootstrapServers = bootstrapServers;
  }

  public static boolean isInstalled() {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, "kcat")));
  }

  /** Produces one record. */
  public void produce(String topic, String value) throws IOException, InterruptedException {
    run(value, "-P", "-t", topic);
  }

  /** The committed records of a topic, a line each. */
  public String readCommitted(String topic) throws IOException, InterruptedException {
    return run(
        "",
        "-C",
        "-q",
        "-t",
        topic,
        "-o",
        "beginning",
        "-e",
        "-X",
        "isolation.level=read_committed");
  }

  private String run(String input, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("kcat", "-b", bootstrapServers));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (OutputStream in = process.getOutputStream()) {
      in.write(input.getBytes(UTF_8));
    }
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IOException("kcat failed: " + output);
    }
    return output;
  }
}
