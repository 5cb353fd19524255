package io.millrace.jobs.metrics;

import io.millrace.engine.EngineStats;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.metrics.MetricGroup;

/**
 * Feeds the catalogue from what a generate task emits: its cost rows, and its engine's load.
 * Nothing of a prompt's text is in either. The task's thread only; reporters read beside it.
 *
 * <p>Counters begin at 0 with the task, and rows that a restart repeats are counted again: the
 * ledger is the truth.
 */
public final class LlmRecorder {
  private final LabelledSeries series;
  private final TenantLabels tenants;
  private final LlmSeries engine;
  private final String model;
  private final String backend;
  private final List<LlmSeries> byPosition = new ArrayList<>();
  private final GenerateGauges gauges;
  private volatile EngineStats load;
  private volatile double batchSize;

  /**
   * @param group the operator's
   * @param tenantsMax tenants that get a label of their own, the first ones seen
   */
  public LlmRecorder(MetricGroup group, String model, String backend, int tenantsMax) {
    this.series = new LabelledSeries(group);
    this.tenants = new TenantLabels(tenantsMax);
    this.model = model;
    this.backend = backend;
    this.engine = series.of("model", model, "backend", backend);
    this.gauges = new GenerateGauges(group, () -> load);
    engine.gauge(LlmMetric.RUNNING, () -> load == null ? 0 : load.running());
    engine.gauge(LlmMetric.WAITING, () -> load == null ? 0 : load.waiting());
    engine.gauge(LlmMetric.KV_USAGE, () -> load == null ? 0 : GenerateGauges.kvUsage(load));
    engine.gauge(LlmMetric.BATCH_SIZE, () -> batchSize);
    engine.add(LlmMetric.DRAFTS, 0);
    engine.add(LlmMetric.DRAFT_TOKENS, 0);
    engine.add(LlmMetric.ACCEPTED_TOKENS, 0);
  }

  /**
   * A row that is emitted.
   *
   * @param errorType the code of the dead letter that goes with it; null without one
   */
  public void row(CostEvent row, String errorType) {
    LlmSeries of = of(row, null, null, null, null);
    of.add(LlmMetric.COST, row.getTotalUsd());
    if (row.getKind() != CostKind.request) {
      return;
    }
    of.add(
        LlmMetric.TOKENS_INPUT,
        row.getFreshTokens() + row.getCachedTokens() + row.getCacheWrittenTokens());
    of.add(LlmMetric.TOKENS_OUTPUT, row.getOutputTokens());
    of.add(LlmMetric.TOKENS_CACHED, row.getCachedTokens());
    of.add(LlmMetric.TOKENS_REASONING, row.getReasoningTokens());
    saved(row, "dedup", row.getSavedDedupUsd());
    saved(row, "prefix_cache", row.getSavedPrefixUsd());
    saved(row, "speculation", row.getSavedSpeculationUsd());
    saved(row, "batch", row.getSavedBatchUsd());
    if (row.getIsFinal()) {
      settled(row, errorType, of);
    }
  }

  /**
   * A step that brought an answer tokens.
   *
   * @param sinceMs since the one before; negative for its first
   */
  public void tokens(int count, long sinceMs) {
    gauges.tokens(count);
    if (sinceMs >= 0) {
      engine.observe(LlmMetric.INTER_TOKEN_LATENCY, sinceMs);
    }
  }

  private void settled(CostEvent row, String errorType, LlmSeries of) {
    of(row, null, String.valueOf(row.getStatus()), String.valueOf(row.getFinishReason()), errorType)
        .add(LlmMetric.REQUESTS, 1);
    gauges.settled(row.getCached() != CacheOutcome.none);
    of.add(LlmMetric.DEDUP_LOOKUPS, 1);
    of.add(LlmMetric.DEDUP_HITS, row.getCached() == CacheOutcome.none ? 0 : 1);
    of.observe(LlmMetric.REQUEST_LATENCY, row.getTotalMs());
    if (row.getQueueMs() != null) {
      LlmSeries answering = series.of("model", row.getModel(), "backend", row.getBackend());
      answering.observe(LlmMetric.QUEUE_TIME, row.getQueueMs());
      answering.observe(LlmMetric.TIME_TO_FIRST_TOKEN, row.getTtftMs());
      if (row.getTtftMs() != null) {
        answering.observe(LlmMetric.PREFILL_TIME, Math.max(0, row.getTtftMs() - row.getQueueMs()));
        answering.observe(LlmMetric.DECODE_TIME, Math.max(0, row.getTotalMs() - row.getTtftMs()));
      }
    }
  }

  /** The engine's load after a step. */
  public void load(EngineStats now) {
    EngineStats before = load;
    load = now;
    if (before == null) {
      before = new EngineStats(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }
    engine.add(
        LlmMetric.PREFIX_QUERIES, grown(now.prefixQueryTokens(), before.prefixQueryTokens()));
    engine.add(LlmMetric.PREFIX_HITS, grown(now.prefixHitTokens(), before.prefixHitTokens()));
    engine.add(LlmMetric.PREEMPTIONS, grown(now.preemptions(), before.preemptions()));
    if (now.retries() + now.rateLimited() > 0) {
      engine.add(LlmMetric.RETRIES, grown(now.retries(), before.retries()));
      engine.add(LlmMetric.RATE_LIMITED, grown(now.rateLimited(), before.rateLimited()));
    }
    long steps = grown(now.steps(), before.steps());
    if (steps > 0) {
      long tokens =
          grown(now.promptTokens(), before.promptTokens())
              + grown(now.outputTokens(), before.outputTokens());
      batchSize = (double) tokens / steps;
    }
    gauges.prefix(
        grown(now.prefixHitTokens(), before.prefixHitTokens()),
        grown(now.prefixQueryTokens(), before.prefixQueryTokens()));
    if (now.drafts().chunks() != before.drafts().chunks()) {
      engine.add(LlmMetric.DRAFTS, grown(now.drafts().chunks(), before.drafts().chunks()));
      engine.add(LlmMetric.DRAFT_TOKENS, grown(now.drafts().drafted(), before.drafts().drafted()));
      engine.add(
          LlmMetric.ACCEPTED_TOKENS, grown(now.drafts().accepted(), before.drafts().accepted()));
      gauges.drafts(
          grown(now.drafts().accepted(), before.drafts().accepted()),
          grown(now.drafts().drafted(), before.drafts().drafted()));
      perPosition(now.drafts().acceptedByPosition(), before.drafts().acceptedByPosition());
    }
  }

  /** Drafts have at most 64 tokens. */
  private void perPosition(List<Long> now, List<Long> before) {
    for (int i = 0; i < now.size(); i++) {
      if (i == byPosition.size()) {
        byPosition.add(
            series.of("model", model, "backend", backend, "position", Integer.toString(i)));
      }
      long was = i < before.size() ? before.get(i) : 0;
      byPosition.get(i).add(LlmMetric.ACCEPTED_PER_POSITION, grown(now.get(i), was));
    }
  }

  private void saved(CostEvent row, String reason, BigDecimal usd) {
    if (usd != null && usd.signum() != 0) {
      of(row, reason, null, null, null)
          .add(usd.signum() > 0 ? LlmMetric.SAVED : LlmMetric.LOST, usd.abs());
    }
  }

  private LlmSeries of(
      CostEvent row, String reason, String status, String finish, String errorType) {
    return series.of(
        "model",
        row.getModel(),
        "backend",
        row.getBackend(),
        "tenant",
        tenants.of(row.getTenant()),
        "reason",
        reason,
        "status",
        status,
        "finish_reason",
        finish,
        "error_type",
        errorType);
  }

  /** Since the last time; an engine that was opened anew begins at 0. */
  private static long grown(long now, long before) {
    return now >= before ? now - before : now;
  }
}
