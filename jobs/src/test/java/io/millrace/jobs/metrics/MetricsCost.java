package io.millrace.jobs.metrics;

import io.millrace.engine.DraftCounts;
import io.millrace.engine.EngineStats;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import io.millrace.schemas.ResponseFinishReason;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * What the catalogue costs: CPU time of the task's thread for a settled request and for an engine's
 * step, and of the reader's thread for a scrape. {@code main} prints microseconds, in rounds.
 */
final class MetricsCost {
  private static final int ROUNDS = 8;
  private static final int REQUESTS = 20_000;
  private static final int SCRAPES = 50;
  private static final int TENANTS = 50;

  private final LlmText text = new LlmText();
  private final LlmRecorder recorder =
      new LlmRecorder(new ShownMetrics(text), "default", "cpu", TENANTS);
  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private long steps;

  private MetricsCost() {}

  public static void main(String[] args) {
    MetricsCost cost = new MetricsCost();
    List<CostEvent> rows = IntStream.range(0, TENANTS).mapToObj(cost::row).toList();
    for (int round = 0; round < ROUNDS; round++) {
      double request = cost.micros(REQUESTS, i -> cost.recorder.row(rows.get(i % TENANTS), null));
      double step = cost.micros(REQUESTS, i -> cost.step());
      double scrape = cost.micros(SCRAPES, i -> cost.text.scrape());
      System.out.printf(
          "%.2f us a request, %.2f us a step, %.0f us a scrape of %d kB%n",
          request, step, scrape, cost.text.scrape().length() / 1000);
    }
  }

  private double micros(int times, IntConsumer work) {
    long before = threads.getCurrentThreadCpuTime();
    for (int i = 0; i < times; i++) {
      work.accept(i);
    }
    return (threads.getCurrentThreadCpuTime() - before) / 1000.0 / times;
  }

  /** A step that gave an answer two tokens. */
  private void step() {
    steps++;
    DraftCounts drafts =
        new DraftCounts(steps, steps, List.of(steps, steps), List.of(steps, steps));
    recorder.load(
        new EngineStats(
            4, 1, 50, 10, 100, steps, 9 * steps, 9 * steps, steps, 2 * steps, 0, 0, drafts, 0, 0));
    recorder.tokens(2, 7);
  }

  private CostEvent row(int tenant) {
    return CostEvent.newBuilder()
        .setKind(CostKind.request)
        .setIsFinal(true)
        .setRequestId("millrace.prompts-0-" + tenant)
        .setTenant("tenant-" + tenant)
        .setModel("default")
        .setBackend("cpu")
        .setStatus(RequestStatus.generated)
        .setFinishReason(ResponseFinishReason.stop)
        .setCached(CacheOutcome.none)
        .setEventTime(Instant.ofEpochMilli(1_700_000_000_250L))
        .setFreshTokens(120)
        .setCachedTokens(64)
        .setOutputTokens(40)
        .setQueueMs(12L)
        .setTtftMs(60L)
        .setTotalMs(250L)
        .setTotalUsd(new BigDecimal("0.000000346913578024691356"))
        .setSavedPrefixUsd(new BigDecimal("0.000000046913578024691356"))
        .setSavedSpeculationUsd(new BigDecimal("0.000000016913578024691356"))
        .setPriceSource("device-hour")
        .build();
  }
}
