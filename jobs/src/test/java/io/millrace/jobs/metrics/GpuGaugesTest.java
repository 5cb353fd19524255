package io.millrace.jobs.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.testing.FakeMeters;
import org.junit.jupiter.api.Test;

class GpuGaugesTest {
  private static final String OF = "{model=\"m\",backend=\"cuda\",gpu=\"GPU-5e1b\",}";

  private final FakeMeters meters = new FakeMeters();
  private final LlmText text = new LlmText();
  private final ShownMetrics group = new ShownMetrics(text);

  @Test
  void showWhatTheGpuSays() {
    GpuGauges.register(group, "m", "cuda", meters);
    assertThat(ShownMetrics.samples(text.scrape()))
        .containsOnlyKeys(
            "llm_gpu_memory_used_bytes" + OF,
            "llm_gpu_memory_total_bytes" + OF,
            "llm_gpu_utilization_ratio" + OF,
            "llm_gpu_power_watts" + OF,
            "llm_gpu_energy_joules_total" + OF)
        .containsEntry("llm_gpu_memory_used_bytes" + OF, 5e9)
        .containsEntry("llm_gpu_memory_total_bytes" + OF, 1.5e11)
        .containsEntry("llm_gpu_utilization_ratio" + OF, 0.25)
        .containsEntry("llm_gpu_power_watts" + OF, 350.5)
        .containsEntry("llm_gpu_energy_joules_total" + OF, 7_000_000_000.001);
    assertThat(text.scrape())
        .contains("# TYPE llm_gpu_energy_joules_total counter\n")
        .contains("# TYPE llm_gpu_power_watts gauge\n");
    meters.powerMilliwatts = 90_000;
    assertThat(text.scrape()).contains("llm_gpu_power_watts" + OF + " 90\n");
    assertThat(group.shortGauges())
        .containsOnlyKeys("gpuMemoryUsedBytes", "gpuUtilization", "gpuPowerWatts")
        .containsEntry("gpuPowerWatts", 90.0);
  }

  @Test
  void doNotShowWhatTheGpuDoesNotHave() {
    meters.utilization = -1;
    meters.energyMillijoules = -1;
    meters.memoryUsedBytes = -1;
    GpuGauges.register(group, "m", "cuda", meters);
    assertThat(ShownMetrics.samples(text.scrape()))
        .containsOnlyKeys("llm_gpu_memory_total_bytes" + OF, "llm_gpu_power_watts" + OF);
    assertThat(group.shortGauges()).containsOnlyKeys("gpuPowerWatts");
  }

  @Test
  void areNoNumberOnceTheGpuNoLongerAnswers() {
    GpuGauges.register(group, "m", "cuda", meters);
    meters.powerMilliwatts = -1;
    assertThat(text.scrape()).contains("llm_gpu_power_watts" + OF + " NaN\n");
  }
}
