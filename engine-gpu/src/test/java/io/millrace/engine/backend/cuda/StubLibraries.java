package io.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Stands in for an NVIDIA driver: its libraries, compiled from {@code resources/cuda/stub-*.c} for
 * a test, and a JVM that finds them before any other.
 */
final class StubLibraries {
  private final Path folder;

  /**
   * @param folder where the libraries go
   */
  StubLibraries(Path folder) {
    assumeTrue(runs(List.of("gcc", "--version")), "needs gcc");
    this.folder = folder;
  }

  /** Compiles a library from a source. */
  StubLibraries with(String library, String source, String... flags) throws IOException {
    Path code = folder.resolve(source);
    try (InputStream in = StubLibraries.class.getResourceAsStream("/cuda/" + source)) {
      Files.write(code, in.readAllBytes());
    }
    List<String> command = new ArrayList<>(List.of("gcc", "-shared", "-fPIC", "-w"));
    command.addAll(List.of(flags));
    command.addAll(List.of("-o", folder.resolve(library).toString(), code.toString()));
    assertThat(runs(command)).as("%s compiles", source).isTrue();
    return this;
  }

  /** What a class' main method prints in a JVM of its own, which must end well. */
  String run(Class<?> main, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    command.addAll(List.of(arguments));
    ProcessBuilder java = new ProcessBuilder(command);
    java.environment().putAll(environment);
    java.environment().put("LD_LIBRARY_PATH", folder.toString());
    Path output = folder.resolve("output");
    Process process = java.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    String printed = Files.readString(output);
    assertThat(process.exitValue()).as(printed).isZero();
    return printed;
  }

  private static boolean runs(List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
