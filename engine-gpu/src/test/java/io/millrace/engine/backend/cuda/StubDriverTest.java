package io.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The host code through real JCuda, down to a libcuda.so.1 of a hundred lines that is compiled for
 * the test: addresses, parameter blocks, return codes and logs arrive as a driver wants them.
 */
@EnabledOnOs(
    value = OS.LINUX,
    architectures = {"amd64", "x86_64"})
class StubDriverTest {

  @TempDir Path folder;

  @Test
  void everyCallArrives() throws Exception {
    assumeTrue(runs("gcc", "--version"), "needs gcc");
    Path source = folder.resolve("stub.c");
    try (InputStream in = getClass().getResourceAsStream("/cuda/stub-driver.c")) {
      Files.copy(in, source);
    }
    Path library = folder.resolve("libcuda.so.1");
    assertThat(runs("gcc", "-shared", "-fPIC", "-w", "-o", library.toString(), source.toString()))
        .isTrue();
    ProcessBuilder java =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            StubDriverScenario.class.getName());
    java.environment().put("LD_LIBRARY_PATH", folder.toString());
    Path output = folder.resolve("output");
    Process process = java.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(output).content().contains("all calls made");
    assertThat(process.exitValue()).isZero();
  }

  private static boolean runs(String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
