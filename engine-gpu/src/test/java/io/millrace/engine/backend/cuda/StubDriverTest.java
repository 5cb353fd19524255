package io.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
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
    StubLibraries driver = new StubLibraries(folder).with("libcuda.so.1", "stub-driver.c");
    assertThat(driver.run(StubDriverScenario.class, Map.of())).contains("all calls made");
  }
}
