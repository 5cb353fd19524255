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

/** A program of a Debian package that answers and ends, such as promtool or amtool. */
public final class InstalledProgram {
  private final String name;

  public InstalledProgram(String name) {
    this.name = name;
  }

  public boolean isInstalled() {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, name)));
  }

  /**
   * What it says, on either stream, given nothing to read.
   *
   * @param directory where it runs
   * @throws IOException with what it says, if it fails
   */
  public String run(Path directory, List<String> arguments)
      throws IOException, InterruptedException {
    return run(directory, arguments, "");
  }

  /** Likewise, given a text to read. */
  public String run(Path directory, List<String> arguments, String input)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(name));
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true).start();
    try (OutputStream in = process.getOutputStream()) {
      in.write(input.getBytes(UTF_8));
    }
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (!process.waitFor(120, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new IOException(name + " failed:\n" + output);
    }
    return output;
  }
}
