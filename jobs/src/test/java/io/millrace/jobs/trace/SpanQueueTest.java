package io.millrace.jobs.trace;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.metrics.TraceCounters;
import io.millrace.jobs.testing.CapturedLog;
import io.millrace.jobs.testing.OtlpReceiver;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.flink.metrics.CharacterFilter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpanQueueTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final Duration SHORT = Duration.ofMillis(100);

  private final Map<String, Gauge<?>> metrics = new ConcurrentHashMap<>();
  private final TraceCounters counters =
      new TraceCounters(new Group(metrics, ""), "receiver", "generate-default");

  @Test
  void sendsWhatIsOffered() throws Exception {
    try (OtlpReceiver receiver = OtlpReceiver.start()) {
      SpanQueue queue = queue(receiver.endpoint(), null, 1000, LONG);
      offer(queue, 700);
      end(queue, LONG);
      assertThat(receiver.spans).hasSize(700);
      assertThat(receiver.requests).as("in batches").hasSizeBetween(2, 3);
      assertThat(count("llm_trace_spans_total")).isEqualTo(700);
      offer(queue, 1);
      assertThat(lost("shutdown")).isEqualTo(1);
    }
  }

  @Test
  void dropsWhatAReceiverThatNeverAnswersLeavesNoRoomFor() throws Exception {
    try (OtlpReceiver receiver = OtlpReceiver.silent()) {
      SpanQueue queue = queue(receiver.endpoint(), null, 10, LONG);
      offer(queue, 10);
      await(() -> !receiver.keys.isEmpty());
      // The first batch is on its way and will stay there; nobody waits for it.
      offer(queue, 25);
      assertThat(lost("queue_full")).isEqualTo(15);
      end(queue, SHORT);
      assertThat(lost("shutdown")).isEqualTo(10);
      await(() -> lost("export_failed") == 10);
      assertThat(count("llm_trace_spans_total")).isZero();
    }
  }

  @Test
  void oneSlowReceiverHoldsUpNoOther() throws Exception {
    try (OtlpReceiver silent = OtlpReceiver.silent();
        OtlpReceiver receiver = OtlpReceiver.start()) {
      SpanFanOut both =
          new SpanFanOut(
              List.of(
                  queue(silent.endpoint(), null, 10, LONG),
                  queue(receiver.endpoint(), null, 10, LONG)),
              SHORT);
      try (SdkTracerProvider provider =
          SdkTracerProvider.builder().addSpanProcessor(both).build()) {
        provider.get("test").spanBuilder("a").startSpan().end();
        receiver.await(1);
      }
    }
  }

  @Test
  void asksADeadPortOnceAndSaysSoOnceAndThenWaits() throws Exception {
    String dead;
    try (OtlpReceiver gone = OtlpReceiver.start()) {
      dead = gone.endpoint();
    }
    try (CapturedLog log = CapturedLog.of(SpanQueue.class.getName())) {
      SpanQueue queue = queue(dead, null, 10, SHORT);
      offer(queue, 10);
      await(() -> lost("export_failed") == 10);
      assertThat(count("llm_trace_export_failures_total")).isEqualTo(1);
      offer(queue, 10);
      end(queue, LONG);
      assertThat(lost("export_failed")).isEqualTo(20);
      assertThat(count("llm_trace_export_failures_total")).isEqualTo(2);
      assertThat(log.text())
          .containsOnlyOnce("traces cannot be sent to receiver, and are dropped: ")
          .contains("ConnectException");
    }
  }

  @Test
  void aRefusalIsToldByItsStatusAndQuotesNothing(@TempDir Path directory) throws Exception {
    Path headers = Files.writeString(directory.resolve("headers"), "x-api-key: s3cret-of-ours\n");
    try (OtlpReceiver receiver = OtlpReceiver.refusing(401);
        CapturedLog log = CapturedLog.of(SpanQueue.class.getName())) {
      SpanQueue queue = queue(receiver.endpoint(), headers, 10, LONG);
      offer(queue, 10);
      await(() -> lost("export_failed") == 10);
      receiver.recover();
      offer(queue, 10);
      receiver.await(10);
      end(queue, LONG);
      assertThat(receiver.keys).containsOnly("s3cret-of-ours");
      assertThat(log.text())
          .contains("it answered with HTTP status 401")
          .contains("traces are sent to receiver again")
          .doesNotContain("s3cret-of-ours");
    }
  }

  @Test
  void headersThatAreNotThereCostTracesOnly(@TempDir Path directory) throws Exception {
    Path headers = directory.resolve("headers");
    try (OtlpReceiver receiver = OtlpReceiver.start();
        CapturedLog log = CapturedLog.of(SpanQueue.class.getName())) {
      SpanQueue queue = queue(receiver.endpoint(), headers, 10, LONG);
      offer(queue, 10);
      await(() -> log.text().contains("dropped: " + headers + " cannot be read"));
      assertThat(lost("export_failed")).isEqualTo(10);
      Files.writeString(headers, "x-api-key: came late");
      offer(queue, 10);
      receiver.await(10);
      assertThat(receiver.keys).containsExactly("came late");
      end(queue, LONG);
    }
  }

  @Test
  void anExporterThatThrowsIsAFailureLikeOthers() throws Exception {
    CountDownLatch shutDown = new CountDownLatch(1);
    SpanExporter broken =
        new SpanExporter() {
          @Override
          public CompletableResultCode export(Collection<SpanData> spans) {
            throw new IllegalStateException("a fault that quotes s3cret");
          }

          @Override
          public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
          }

          @Override
          public CompletableResultCode shutdown() {
            shutDown.countDown();
            return CompletableResultCode.ofSuccess();
          }
        };
    try (CapturedLog log = CapturedLog.of(SpanQueue.class.getName())) {
      SpanQueue queue = new SpanQueue("receiver", 10, LONG, () -> broken, counters);
      offer(queue, 1);
      end(queue, LONG);
      assertThat(lost("export_failed")).isEqualTo(1);
      assertThat(shutDown.await(60, SECONDS)).isTrue();
      assertThat(log.text()).contains("IllegalStateException").doesNotContain("s3cret");
    }
  }

  private SpanQueue queue(String endpoint, Path headers, int capacity, Duration timeout) {
    TraceSpec.Exporter exporter =
        new TraceSpec.Exporter(
            "receiver", endpoint, null, headers == null ? null : headers.toString());
    return new SpanQueue(
        "receiver", capacity, timeout, () -> OtlpExporters.open(exporter, timeout), counters);
  }

  private static void offer(SpanQueue queue, int spans) {
    SpanFanOut out = new SpanFanOut(List.of(queue), Duration.ZERO);
    SdkTracerProvider provider = SdkTracerProvider.builder().addSpanProcessor(out).build();
    for (int i = 0; i < spans; i++) {
      provider.get("test").spanBuilder("span " + i).startSpan().end();
    }
  }

  private static void end(SpanQueue queue, Duration max) {
    queue.end();
    queue.awaitEnd(System.nanoTime() + max.toNanos());
  }

  private long lost(String reason) {
    return count("llm_trace_spans_dropped_total reason=" + reason);
  }

  private long count(String metric) {
    return ((Number) metrics.get(metric).getValue()).longValue();
  }

  private static void await(BooleanSupplier condition) {
    long begin = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - begin).isLessThan(SECONDS.toNanos(120));
      LockSupport.parkNanos(condition, MILLISECONDS.toNanos(1));
    }
  }

  /** Names gauges by their name and the reason that they have as a label. */
  private static final class Group extends UnregisteredMetricsGroup {
    private final Map<String, Gauge<?>> gauges;
    private final String labels;

    Group(Map<String, Gauge<?>> gauges, String labels) {
      this.gauges = gauges;
      this.labels = labels;
    }

    @Override
    public MetricGroup addGroup(String key, String value) {
      return new Group(gauges, key.equals("reason") ? " reason=" + value : labels);
    }

    @Override
    public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
      gauges.put(name + labels, gauge);
      return gauge;
    }

    @Override
    public String getMetricIdentifier(String name, CharacterFilter filter) {
      return name;
    }
  }
}
