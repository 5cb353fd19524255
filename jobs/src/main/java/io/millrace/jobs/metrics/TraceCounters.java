package io.millrace.jobs.metrics;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.apache.flink.metrics.MetricGroup;

/** What became of a task's spans on their way to one receiver. For any thread. */
public final class TraceCounters {

  /** Why a span was lost. */
  public enum Loss {
    /** The receiver was slower than spans came. */
    QUEUE_FULL,

    /** The receiver could not be reached, or refused it. */
    EXPORT_FAILED,

    /** The task ended before it was sent. */
    SHUTDOWN
  }

  private final LongAdder sent = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final Map<Loss, LongAdder> lost = new EnumMap<>(Loss.class);

  /**
   * @param group the operator's
   * @param exporter the receiver's name
   * @param stage the vertex
   */
  public TraceCounters(MetricGroup group, String exporter, String stage) {
    MetricGroup labelled = group.addGroup("exporter", exporter).addGroup("stage", stage);
    LlmSeries all = new LlmSeries(labelled);
    all.gauge(LlmMetric.TRACE_SPANS, sent::sum);
    all.gauge(LlmMetric.TRACE_FAILURES, failures::sum);
    for (Loss loss : Loss.values()) {
      LongAdder count = new LongAdder();
      lost.put(loss, count);
      new LlmSeries(labelled.addGroup("reason", loss.name().toLowerCase(Locale.ROOT)))
          .gauge(LlmMetric.TRACE_DROPPED, count::sum);
    }
  }

  /** Spans that the receiver took. */
  public void sent(int spans) {
    sent.add(spans);
  }

  /** An export that failed, however many spans it had. */
  public void failed() {
    failures.increment();
  }

  /** Spans that nobody will see. */
  public void lost(Loss why, int spans) {
    lost.get(why).add(spans);
  }
}
