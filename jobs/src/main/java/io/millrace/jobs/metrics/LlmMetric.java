package io.millrace.jobs.metrics;

import static io.millrace.jobs.metrics.LlmMetric.Type.COUNTER;
import static io.millrace.jobs.metrics.LlmMetric.Type.GAUGE;
import static io.millrace.jobs.metrics.LlmMetric.Type.HISTOGRAM;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The catalogue: every {@code llm_*} metric, by its exact name. Meanings are vLLM's where it has
 * the metric, so that its dashboards port. All have also the labels {@code job_name} and {@code
 * subtask_index}, so that no two tasks write one series.
 */
public enum LlmMetric {
  TOKENS_INPUT(
      "llm_tokens_input_total",
      COUNTER,
      "Prompt tokens of settled requests, cached ones too, over all choices.",
      Labels.PER_TENANT),
  TOKENS_OUTPUT(
      "llm_tokens_output_total",
      COUNTER,
      "Tokens generated for settled requests, over all choices.",
      Labels.PER_TENANT),
  TOKENS_CACHED(
      "llm_tokens_cached_total",
      COUNTER,
      "Prompt tokens of settled requests that a prefix cache held.",
      Labels.PER_TENANT),
  TOKENS_REASONING(
      "llm_tokens_reasoning_total",
      COUNTER,
      "Output tokens of settled requests that were spent on reasoning.",
      Labels.PER_TENANT),
  REQUESTS(
      "llm_requests_total",
      COUNTER,
      "Settled requests, by how they were settled and why their answer ended; failed ones also by"
          + " the code of their dead letter.",
      List.of("tenant", "model", "backend", "status", "finish_reason", "error_type")),
  REQUEST_LATENCY(
      "llm_request_latency_seconds",
      HISTOGRAM,
      "From admission to the end of a request, seconds.",
      Labels.PER_TENANT),
  TIME_TO_FIRST_TOKEN(
      "llm_time_to_first_token_seconds",
      HISTOGRAM,
      "From admission to the first token of a request that an engine ran, seconds.",
      Labels.PER_MODEL),
  QUEUE_TIME(
      "llm_request_queue_time_seconds",
      HISTOGRAM,
      "From admission to the engine's first step on a request, seconds.",
      Labels.PER_MODEL),
  PREFILL_TIME(
      "llm_request_prefill_time_seconds",
      HISTOGRAM,
      "From the engine's first step on a request to its first token, seconds.",
      Labels.PER_MODEL),
  DECODE_TIME(
      "llm_request_decode_time_seconds",
      HISTOGRAM,
      "From a request's first token to its last, seconds.",
      Labels.PER_MODEL),
  INTER_TOKEN_LATENCY(
      "llm_inter_token_latency_seconds",
      HISTOGRAM,
      "Between two steps that brought an answer tokens, seconds; a step brings several where drafts"
          + " are accepted.",
      Labels.PER_MODEL),
  COST(
      "llm_cost_usd_total",
      COUNTER,
      "Cost in USD, idle and lost device time too, which has no tenant. Rows without a known price"
          + " are left out.",
      Labels.PER_TENANT),
  SAVED(
      "llm_saved_usd_total",
      COUNTER,
      "Saved in USD, by reason: dedup, prefix_cache, speculation or batch.",
      Labels.PER_TENANT_AND_REASON),
  LOST(
      "llm_lost_usd_total",
      COUNTER,
      "What was to save cost this much more, USD, by reason; a counter cannot fall.",
      Labels.PER_TENANT_AND_REASON),
  DEDUP_LOOKUPS(
      "llm_dedup_lookups_total",
      COUNTER,
      "Settled requests that were looked up among equal ones.",
      Labels.PER_TENANT),
  DEDUP_HITS(
      "llm_dedup_hits_total",
      COUNTER,
      "How many of them were answered with an equal request's answer.",
      Labels.PER_TENANT),
  PREFIX_QUERIES(
      "llm_prefix_cache_queries_total",
      COUNTER,
      "Prompt tokens looked up in the prefix cache.",
      Labels.PER_MODEL),
  PREFIX_HITS(
      "llm_prefix_cache_hits_total", COUNTER, "How many of them it held.", Labels.PER_MODEL),
  DRAFTS(
      "llm_spec_decode_drafts_total",
      COUNTER,
      "Drafts that were verified. Mean accepted length is 1 + accepted tokens / drafts.",
      Labels.PER_MODEL),
  DRAFT_TOKENS(
      "llm_spec_decode_draft_tokens_total",
      COUNTER,
      "Tokens that drafts proposed.",
      Labels.PER_MODEL),
  ACCEPTED_TOKENS(
      "llm_spec_decode_accepted_tokens_total",
      COUNTER,
      "How many of them were accepted. Acceptance is accepted / draft tokens.",
      Labels.PER_MODEL),
  ACCEPTED_PER_POSITION(
      "llm_spec_decode_accepted_tokens_per_pos_total",
      COUNTER,
      "Accepted tokens by their position in the draft, from 0. Over drafts it is the acceptance of"
          + " a position.",
      List.of("model", "backend", "position")),
  PREEMPTIONS(
      "llm_preemptions_total",
      COUNTER,
      "Sequences that gave up their KV blocks and were computed again.",
      Labels.PER_MODEL),
  RUNNING("llm_num_requests_running", GAUGE, "Sequences in the batch.", Labels.PER_MODEL),
  WAITING(
      "llm_num_requests_waiting", GAUGE, "Requests that the engine has queued.", Labels.PER_MODEL),
  KV_USAGE(
      "llm_kv_cache_usage_ratio",
      GAUGE,
      "KV blocks held by sequences, as a share of all, 0 to 1.",
      Labels.PER_MODEL),
  BATCH_SIZE(
      "llm_batch_size",
      GAUGE,
      "Tokens that a step computes, of prompts too: the mean of the newest steps.",
      Labels.PER_MODEL),
  GPU_MEMORY_USED(
      "llm_gpu_memory_used_bytes",
      GAUGE,
      "Memory of the GPU that is taken, whoever uses it, bytes.",
      Labels.PER_GPU),
  GPU_MEMORY_TOTAL(
      "llm_gpu_memory_total_bytes", GAUGE, "All of the GPU's memory, bytes.", Labels.PER_GPU),
  GPU_UTILIZATION(
      "llm_gpu_utilization_ratio",
      GAUGE,
      "Share of the latest second or less in which the GPU ran a kernel, 0 to 1.",
      Labels.PER_GPU),
  GPU_POWER("llm_gpu_power_watts", GAUGE, "Power that the GPU draws, watts.", Labels.PER_GPU),
  GPU_ENERGY(
      "llm_gpu_energy_joules_total",
      COUNTER,
      "Energy that the GPU has drawn since its driver was loaded, joules.",
      Labels.PER_GPU),
  RETRIES(
      "llm_backend_retries_total",
      COUNTER,
      "Calls to a remote model that were made again after one that failed.",
      Labels.PER_MODEL),
  RATE_LIMITED(
      "llm_backend_ratelimited_total",
      COUNTER,
      "Calls that a remote model refused because it had too many (429, 529).",
      Labels.PER_MODEL),
  BUDGET_LIMIT(
      "llm_budget_limit_usd",
      GAUGE,
      "What a tenant may spend in a period, USD. Not of the tenants without a label.",
      List.of("tenant")),
  BUDGET_REMAINING(
      "llm_budget_remaining_usd",
      GAUGE,
      "What it may still spend in the current period, USD: the limit less what was spent, but not"
          + " less what is reserved.",
      List.of("tenant")),
  LEDGER_ROWS("llm_ledger_rows_total", COUNTER, "Rows written to the ledger's files.", List.of()),
  LEDGER_LAST_COMMIT(
      "llm_ledger_last_commit_timestamp_seconds",
      GAUGE,
      "When files were last moved to their days, or the job began, seconds since 1970 UTC.",
      List.of()),
  ANOMALY_ACTIVE(
      "llm_anomaly_active",
      GAUGE,
      "Anomalies that are open: 1, and 0 once resolved; of the tenants without a label, how many.",
      Labels.PER_ANOMALY),
  ANOMALY_SCORE(
      "llm_anomaly_score",
      GAUGE,
      "How far out the newest window is, calm or not: deviations, or for token-runaway how many"
          + " times as much. Not of the tenants without a label.",
      List.of("tenant", "model", "detector", "signal")),
  ANOMALIES(
      "llm_anomalies_total",
      COUNTER,
      "Anomalies that began, and once more those that became critical.",
      Labels.PER_ANOMALY),
  TRACE_SPANS(
      "llm_trace_spans_total",
      COUNTER,
      "Spans that a receiver of traces took.",
      List.of("exporter", "stage")),
  TRACE_DROPPED(
      "llm_trace_spans_dropped_total",
      COUNTER,
      "Spans that it will never get, by reason: queue_full, export_failed or shutdown.",
      List.of("exporter", "stage", "reason")),
  TRACE_FAILURES(
      "llm_trace_export_failures_total",
      COUNTER,
      "Exports to it that failed, each of many spans.",
      List.of("exporter", "stage"));

  /** Prometheus' types. */
  public enum Type {
    COUNTER,
    GAUGE,
    HISTOGRAM
  }

  private static final class Labels {
    static final List<String> PER_TENANT = List.of("tenant", "model", "backend");
    static final List<String> PER_MODEL = List.of("model", "backend");
    static final List<String> PER_GPU = List.of("model", "backend", "gpu");
    static final List<String> PER_ANOMALY =
        List.of("tenant", "model", "detector", "signal", "severity");
    static final List<String> PER_TENANT_AND_REASON =
        List.of("tenant", "model", "backend", "reason");
  }

  private static final List<Double> BUCKETS =
      List.of(.05, .1, .25, .5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0);

  /** Of what lies between two tokens, which is shorter. */
  private static final List<Double> BUCKETS_OF_STEPS =
      List.of(.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1.0, 2.5, 5.0);

  private static final Map<String, LlmMetric> BY_NAME =
      Arrays.stream(values()).collect(Collectors.toMap(LlmMetric::exactName, Function.identity()));

  private final String exactName;
  private final Type type;
  private final String help;

  /** Names, between commas: an enum holds nothing that could change. */
  private final String labels;

  LlmMetric(String exactName, Type type, String help, List<String> labels) {
    this.exactName = exactName;
    this.type = type;
    this.help = help;
    this.labels = String.join(",", labels);
  }

  /** As Prometheus shows it; a histogram's series add _bucket, _sum and _count. */
  public String exactName() {
    return exactName;
  }

  public Type type() {
    return type;
  }

  /** One line, with the unit. */
  public String help() {
    return help;
  }

  /** Upper bounds of a histogram's buckets, seconds; one without a bound follows. */
  public List<Double> buckets() {
    return this == INTER_TOKEN_LATENCY ? BUCKETS_OF_STEPS : BUCKETS;
  }

  public List<String> labels() {
    return labels.isEmpty() ? List.of() : List.of(labels.split(","));
  }

  /** The metric that a series belongs to; null for one that is not in the catalogue. */
  static LlmMetric ofSeries(String series) {
    LlmMetric exact = BY_NAME.get(series);
    if (exact != null) {
      return exact.type == HISTOGRAM ? null : exact;
    }
    return Stream.of("_bucket", "_sum", "_count")
        .filter(series::endsWith)
        .map(suffix -> BY_NAME.get(series.substring(0, series.length() - suffix.length())))
        .filter(metric -> metric != null && metric.type == HISTOGRAM)
        .findAny()
        .orElse(null);
  }
}
