package io.millrace.jobs.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.EngineStats;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import io.millrace.schemas.ResponseFinishReason;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LlmRecorderTest {
  private static final String PER_TENANT = "tenant=\"acme\",model=\"m\",backend=\"cpu\",";

  private final LlmText text = new LlmText();
  private final LlmRecorder recorder = new LlmRecorder(new ShownMetrics(text), "m", "cpu", 2);

  @Test
  void countsWhatTheRowsSay() {
    recorder.row(row("acme", 100));
    recorder.row(row("acme", 3000));
    Map<String, Double> samples = samples();
    assertThat(samples)
        .containsEntry("llm_tokens_input_total{" + PER_TENANT + "}", 24.0)
        .containsEntry("llm_tokens_output_total{" + PER_TENANT + "}", 14.0)
        .containsEntry("llm_tokens_cached_total{" + PER_TENANT + "}", 4.0)
        .containsEntry("llm_cost_usd_total{" + PER_TENANT + "}", 0.5)
        .containsEntry("llm_saved_usd_total{" + PER_TENANT + "reason=\"prefix_cache\",}", 0.2)
        .containsEntry("llm_lost_usd_total{" + PER_TENANT + "reason=\"speculation\",}", 0.02)
        .containsEntry(
            "llm_requests_total{" + PER_TENANT + "status=\"generated\",finish_reason=\"stop\",}",
            2.0)
        .containsEntry("llm_dedup_lookups_total{" + PER_TENANT + "}", 2.0)
        .containsEntry("llm_dedup_hits_total{" + PER_TENANT + "}", 0.0);
    assertThat(text.scrape())
        .contains("# TYPE llm_tokens_input_total counter\n")
        .contains("# TYPE llm_request_latency_seconds histogram\n")
        .contains("# TYPE llm_num_requests_running gauge\n");
  }

  @Test
  void bucketsAreCumulative() {
    recorder.row(row("acme", 100));
    recorder.row(row("acme", 3000));
    recorder.row(row("acme", 999_000));
    Map<String, Double> samples = samples();
    String bucket = "llm_request_latency_seconds_bucket{" + PER_TENANT + "le=\"";
    assertThat(samples)
        .containsEntry(bucket + "0.05\",}", 0.0)
        .containsEntry(bucket + "0.1\",}", 1.0)
        .containsEntry(bucket + "2.5\",}", 1.0)
        .containsEntry(bucket + "5.0\",}", 2.0)
        .containsEntry(bucket + "160.0\",}", 2.0)
        .containsEntry(bucket + "+Inf\",}", 3.0)
        .containsEntry("llm_request_latency_seconds_count{" + PER_TENANT + "}", 3.0)
        .containsEntry("llm_request_latency_seconds_sum{" + PER_TENANT + "}", 1002.1);
  }

  @Test
  void tenantsAreCappedAndEscaped() {
    String hostile = "a\"} 1\nllm_x 2\\";
    recorder.row(row(hostile, 1));
    recorder.row(row("b", 1));
    recorder.row(row("c", 1));
    recorder.row(row("d", 1));
    recorder.row(row("b", 1));
    assertThat(samples())
        .containsEntry(output("a\\\"} 1\\nllm_x 2\\\\"), 7.0)
        .containsEntry(output("b"), 14.0)
        .containsEntry(output("other"), 14.0)
        .doesNotContainKeys(output("c"), output("d"));
  }

  @Test
  void deviceTimeHasNoTenant() {
    recorder.row(
        CostEvent.newBuilder(row("acme", 1))
            .setKind(CostKind.idle)
            .setTenant(null)
            .setIsFinal(false)
            .build());
    assertThat(samples())
        .containsEntry("llm_cost_usd_total{model=\"m\",backend=\"cpu\",}", 0.25)
        .doesNotContainKey("llm_tokens_output_total{model=\"m\",backend=\"cpu\",}");
  }

  @Test
  void engineThatWasOpenedAnewCountsOn() {
    recorder.load(new EngineStats(3, 2, 5, 0, 10, 7, 0, 100, 40, 0, 1, 0));
    recorder.load(new EngineStats(1, 0, 0, 0, 10, 1, 0, 30, 10, 0, 0, 0));
    String labels = "{model=\"m\",backend=\"cpu\",}";
    assertThat(samples())
        .containsEntry("llm_prefix_cache_queries_total" + labels, 130.0)
        .containsEntry("llm_prefix_cache_hits_total" + labels, 50.0)
        .containsEntry("llm_preemptions_total" + labels, 1.0)
        .containsEntry("llm_num_requests_running" + labels, 1.0)
        .containsEntry("llm_kv_cache_usage_ratio" + labels, 0.0);
  }

  @Test
  void guideNamesEveryMetric() throws Exception {
    String guide =
        Files.readString(Path.of(System.getProperty("millrace.home"), "docs/OPERATIONS.md"));
    for (LlmMetric metric : LlmMetric.values()) {
      assertThat(guide)
          .contains(
              "| `%s` | %s | %s | %s |"
                  .formatted(
                      metric.exactName(),
                      metric.type().name().toLowerCase(Locale.ROOT),
                      String.join(", ", metric.labels()),
                      metric.help()));
    }
  }

  private static String output(String tenant) {
    return "llm_tokens_output_total{tenant=\"" + tenant + "\",model=\"m\",backend=\"cpu\",}";
  }

  private Map<String, Double> samples() {
    return ShownMetrics.samples(text.scrape());
  }

  private static CostEvent row(String tenant, long totalMs) {
    return CostEvent.newBuilder()
        .setKind(CostKind.request)
        .setIsFinal(true)
        .setTenant(tenant)
        .setModel("m")
        .setBackend("cpu")
        .setStatus(RequestStatus.generated)
        .setFinishReason(ResponseFinishReason.stop)
        .setCached(CacheOutcome.none)
        .setEventTime(Instant.EPOCH)
        .setFreshTokens(10)
        .setCachedTokens(2)
        .setOutputTokens(7)
        .setQueueMs(1L)
        .setTtftMs(20L)
        .setTotalMs(totalMs)
        .setTotalUsd(new BigDecimal("0.25"))
        .setSavedPrefixUsd(new BigDecimal("0.1"))
        .setSavedSpeculationUsd(new BigDecimal("-0.01"))
        .build();
  }
}
