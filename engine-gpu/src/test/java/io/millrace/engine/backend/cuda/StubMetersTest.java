package io.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A GPU's meters through real JCuda and JNA, down to libraries that are compiled for the test. */
@EnabledOnOs(
    value = OS.LINUX,
    architectures = {"amd64", "x86_64"})
class StubMetersTest {
  private static final String NVML = "libnvidia-ml.so.1";

  @TempDir Path folder;
  private StubLibraries driver;

  @BeforeEach
  void compile() throws IOException {
    driver = new StubLibraries(folder).with("libcuda.so.1", "stub-driver.c");
  }

  @Test
  void sayWhatTheDeviceSays() throws Exception {
    assertThat(driver.with(NVML, "stub-nvml.c").run(StubMetersScenario.class, Map.of()))
        .contains("device GPU-5e1b\n")
        .contains("memory OptionalLong[1000] of OptionalLong[150754820096]\n")
        .contains("utilization OptionalDouble[0.37]\n")
        .contains("power OptionalLong[700000]\n")
        .contains("energy OptionalLong[5000002000]\nenergy OptionalLong[5000004000]\n")
        .contains("meters true\n");
  }

  /** CUDA's devices 0 and 1 are nvidia-smi's 3 and 1: matched by their place in the machine. */
  @Test
  void findTheDeviceThatOtherToolsCallByANumber() throws Exception {
    driver.with(NVML, "stub-nvml.c");
    assertThat(driver.run(StubMetersScenario.class, Map.of("STUB_DEVICES", "2")))
        .contains("GPU 3 is device 0\nGPU 1 is device 1\n");
    assertThat(driver.run(StubMetersScenario.class, Map.of()))
        .contains("GPU 3 is device 0\n")
        .contains("GPU 1 of nvidia-smi is not one of the 1 that this process sees\n");
  }

  @Test
  void areEmptyWhereTheDeviceHasNone() throws Exception {
    driver.with(NVML, "stub-nvml.c");
    assertThat(driver.run(StubMetersScenario.class, Map.of("STUB_NVML", "bare")))
        .contains("device 0000:65:00.0\n")
        .contains("memory OptionalLong.empty of OptionalLong.empty\n")
        .contains("utilization OptionalDouble.empty\n")
        .contains("power OptionalLong.empty\n")
        .contains("energy OptionalLong.empty\n");
  }

  @Test
  void areEmptyWhereTheLibraryIsOlder() throws Exception {
    assertThat(driver.with(NVML, "stub-nvml.c", "-DOLD").run(StubMetersScenario.class, Map.of()))
        .contains("power OptionalLong[700000]\n")
        .contains("energy OptionalLong.empty\n");
  }

  @Test
  void areNotThereWithoutTheLibraryOrItsDriverOrForAPartOfADevice() throws Exception {
    String none = "meters false\nGPU 3 is device 3\nGPU 1 is device 1\n";
    assertThat(driver.run(StubMetersScenario.class, Map.of())).endsWith(none);
    driver.with(NVML, "stub-nvml.c");
    assertThat(driver.run(StubMetersScenario.class, Map.of("STUB_NVML", "broken"))).endsWith(none);
    assertThat(driver.run(StubMetersScenario.class, Map.of("STUB_NVML", "mig")))
        .contains("meters false\nGPU 3 is device 0\n");
  }
}
