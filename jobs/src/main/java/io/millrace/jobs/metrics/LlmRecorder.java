package io.millrace.jobs.metrics;

import io.millrace.engine.EngineStats;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import java.math.BigDecimal;
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
  private volatile EngineStats load;

  /**
   * @param group the operator's
   * @param tenantsMax tenants that get a label of their own, the first ones seen
   */
  public LlmRecorder(MetricGroup group, String model, String backend, int tenantsMax) {
    this.series = new LabelledSeries(group);
    this.tenants = new TenantLabels(tenantsMax);
    this.engine = series.of("model", model, "backend", backend);
    engine.gauge(LlmMetric.RUNNING, () -> load == null ? 0 : load.running());
    engine.gauge(LlmMetric.WAITING, () -> load == null ? 0 : load.waiting());
    engine.gauge(LlmMetric.KV_USAGE, () -> load == null ? 0 : kvUsage(load));
    engine.add(LlmMetric.DRAFTS, 0);
    engine.add(LlmMetric.DRAFT_TOKENS, 0);
    engine.add(LlmMetric.ACCEPTED_TOKENS, 0);
  }

  /** A row that is emitted. */
  public void row(CostEvent row) {
    LlmSeries of = of(row, null, null, null);
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
      settled(row, of);
    }
  }

  private void settled(CostEvent row, LlmSeries of) {
    of(row, null, String.valueOf(row.getStatus()), String.valueOf(row.getFinishReason()))
        .add(LlmMetric.REQUESTS, 1);
    of.add(LlmMetric.DEDUP_LOOKUPS, 1);
    of.add(LlmMetric.DEDUP_HITS, row.getCached() == CacheOutcome.none ? 0 : 1);
    of.observe(LlmMetric.REQUEST_LATENCY, row.getTotalMs());
    if (row.getQueueMs() != null) {
      LlmSeries model = series.of("model", row.getModel(), "backend", row.getBackend());
      model.observe(LlmMetric.QUEUE_TIME, row.getQueueMs());
      model.observe(LlmMetric.TIME_TO_FIRST_TOKEN, row.getTtftMs());
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
    if (!now.drafts().equals(before.drafts())) {
      engine.add(LlmMetric.DRAFTS, grown(now.drafts().chunks(), before.drafts().chunks()));
      engine.add(LlmMetric.DRAFT_TOKENS, grown(now.drafts().drafted(), before.drafts().drafted()));
      engine.add(
          LlmMetric.ACCEPTED_TOKENS, grown(now.drafts().accepted(), before.drafts().accepted()));
    }
  }

  private void saved(CostEvent row, String reason, BigDecimal usd) {
    if (usd != null && usd.signum() != 0) {
      of(row, reason, null, null)
          .add(usd.signum() > 0 ? LlmMetric.SAVED : LlmMetric.LOST, usd.abs());
    }
  }

  private LlmSeries of(CostEvent row, String reason, String status, String finish) {
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
        finish);
  }

  /** Since the last time; an engine that was opened anew begins at 0. */
  private static long grown(long now, long before) {
    return now >= before ? now - before : now;
  }

  private static double kvUsage(EngineStats stats) {
    return stats.kvBlocksTotal() == 0 ? 0 : (double) stats.kvBlocksUsed() / stats.kvBlocksTotal();
  }
}
