package io.millrace.jobs.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.DraftCounts;
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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LlmRecorderTest {
  private static final String PER_TENANT = "tenant=\"acme\",model=\"m\",backend=\"cpu\",";

  private final LlmText text = new LlmText();
  private final LlmRecorder recorder = new LlmRecorder(new ShownMetrics(text), "m", "cpu", 2);

  @Test
  void countsWhatTheRowsSay() {
    recorder.row(row("acme", 100), null);
    recorder.row(row("acme", 3000), null);
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
    recorder.row(row("acme", 100), null);
    recorder.row(row("acme", 3000), null);
    recorder.row(row("acme", 999_000), null);
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
    recorder.row(row(hostile, 1), null);
    recorder.row(row("b", 1), null);
    recorder.row(row("c", 1), null);
    recorder.row(row("d", 1), null);
    recorder.row(row("b", 1), null);
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
            .build(),
        null);
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
  void failedRequestsHaveTheCodeOfTheirDeadLetter() {
    CostEvent failed =
        CostEvent.newBuilder(row("acme", 1))
            .setStatus(RequestStatus.dead_lettered)
            .setFinishReason(ResponseFinishReason.error)
            .build();
    recorder.row(failed, "remote_overloaded");
    assertThat(samples())
        .containsEntry(
            "llm_requests_total{"
                + PER_TENANT
                + "status=\"dead_lettered\",finish_reason=\"error\","
                + "error_type=\"remote_overloaded\",}",
            1.0);
  }

  @Test
  void timesOfAnAnswerAreItsParts() {
    recorder.row(row("acme", 100), null);
    recorder.tokens(1, -1);
    recorder.tokens(3, 2);
    recorder.tokens(1, 60);
    String labels = "{model=\"m\",backend=\"cpu\",";
    assertThat(samples())
        .containsEntry("llm_request_queue_time_seconds_sum" + labels + "}", 0.001)
        .containsEntry("llm_request_prefill_time_seconds_sum" + labels + "}", 0.019)
        .containsEntry("llm_request_decode_time_seconds_sum" + labels + "}", 0.08)
        .containsEntry("llm_inter_token_latency_seconds_count" + labels + "}", 2.0)
        .containsEntry("llm_inter_token_latency_seconds_sum" + labels + "}", 0.062)
        .containsEntry("llm_inter_token_latency_seconds_bucket" + labels + "le=\"0.001\",}", 0.0)
        .containsEntry("llm_inter_token_latency_seconds_bucket" + labels + "le=\"0.0025\",}", 1.0);
  }

  @Test
  void engineTellsOfDraftsBatchesAndRefusals() {
    recorder.load(stats(10, 300, drafts(3, List.of(4L, 4L), List.of(3L, 1L)), 0, 0));
    recorder.load(stats(30, 500, drafts(5, List.of(9L, 8L, 1L), List.of(7L, 2L, 1L)), 2, 1));
    String labels = "{model=\"m\",backend=\"cpu\",";
    assertThat(samples())
        .containsEntry("llm_batch_size" + labels + "}", 10.0)
        .containsEntry("llm_spec_decode_drafts_total" + labels + "}", 5.0)
        .containsEntry("llm_spec_decode_draft_tokens_total" + labels + "}", 18.0)
        .containsEntry("llm_spec_decode_accepted_tokens_total" + labels + "}", 10.0)
        .containsEntry(
            "llm_spec_decode_accepted_tokens_per_pos_total" + labels + "position=\"0\",}", 7.0)
        .containsEntry(
            "llm_spec_decode_accepted_tokens_per_pos_total" + labels + "position=\"2\",}", 1.0)
        .containsEntry("llm_backend_retries_total" + labels + "}", 2.0)
        .containsEntry("llm_backend_ratelimited_total" + labels + "}", 1.0);
  }

  @Test
  void dashboardsPickShortNames() {
    ShownMetrics group = new ShownMetrics(text);
    LlmRecorder shown = new LlmRecorder(group, "m", "cpu", 2);
    shown.load(new EngineStats(3, 2, 5, 0, 10, 7, 0, 100, 40, 0, 1, 0));
    shown.load(stats(30, 500, drafts(5, List.of(10L), List.of(7L)), 0, 0));
    shown.row(row("acme", 1), null);
    assertThat(group.shortGauges())
        .containsEntry("batchSequences", 1.0)
        .containsEntry("waitingRequests", 0.0)
        .containsEntry("kvCacheUsage", 0.5)
        .containsEntry("draftAcceptance", 0.7)
        .containsEntry("cacheHitRatio", 0.0)
        .containsEntry("prefixCacheHitRatio", 0.4);
  }

  private static EngineStats stats(
      long steps, long tokens, DraftCounts drafts, long retries, long rateLimited) {
    return new EngineStats(
        1, 0, 5, 0, 10, steps, tokens, 0, 0, 0, 0, 0, drafts, retries, rateLimited);
  }

  private static DraftCounts drafts(long chunks, List<Long> drafted, List<Long> accepted) {
    return new DraftCounts(chunks, chunks, drafted, accepted);
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
