package io.millrace.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.generate.GenerateHarness.GpuInfo;
import io.millrace.jobs.testing.CapturedLog;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which GPU Flink's external resource gives a TaskManager. */
class AssignedGpuTest {

  @Test
  void isTheOneThatFlinkFound() {
    assertThat(AssignedGpu.of(Set.of(gpu("3")))).hasValue(3);
    assertThat(AssignedGpu.of(Set.of(gpu(" 0\n")))).hasValue(0);
  }

  @Test
  void isNoneWithoutTheResource() {
    assertThat(AssignedGpu.of(Set.of())).isEqualTo(OptionalInt.empty());
    assertThat(AssignedGpu.of(Set.of(new GpuInfo(Map.of("name", "other"))))).isEmpty();
  }

  @Test
  void isTheLowestOfSeveralAndTheLogSaysWhatToDo() {
    try (CapturedLog log = CapturedLog.of("io.millrace")) {
      assertThat(AssignedGpu.of(Set.of(gpu("10"), gpu("2"), gpu("7")))).hasValue(2);
      assertThat(log.text())
          .contains("the GPUs [2, 7, 10]; GPU 2 is used: run one TaskManager per GPU");
    }
  }

  @Test
  void whatIsNoNumberIsAnError() {
    assertThatThrownBy(() -> AssignedGpu.of(Set.of(gpu("No devices were found"))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "Flink's discovery of GPUs gives the index 'No devices were found', which is no"
                + " number");
  }

  private static GpuInfo gpu(String index) {
    return new GpuInfo(Map.of("index", index));
  }
}
