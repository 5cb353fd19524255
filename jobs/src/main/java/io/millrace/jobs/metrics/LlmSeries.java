package io.millrace.jobs.metrics;

import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/**
 * The metrics of one set of labels, as types that every reporter of Flink's knows; each is
 * registered when it is first needed. Flink's counters are whole numbers: amounts are gauges of
 * exact decimals that only grow.
 */
final class LlmSeries {
  private final MetricGroup group;
  private final Map<LlmMetric, Counter> counters = new EnumMap<>(LlmMetric.class);
  private final Map<LlmMetric, Amount> amounts = new EnumMap<>(LlmMetric.class);
  private final Map<LlmMetric, Level> levels = new EnumMap<>(LlmMetric.class);
  private final Map<LlmMetric, Buckets> histograms = new EnumMap<>(LlmMetric.class);

  LlmSeries(MetricGroup group) {
    this.group = group;
  }

  void gauge(LlmMetric metric, Gauge<? extends Number> value) {
    group.gauge(metric.exactName(), value);
  }

  /** A gauge that is told its value. */
  void set(LlmMetric metric, double value) {
    level(metric).set(value);
  }

  /** A gauge that begins at 0 and is told its changes. */
  void change(LlmMetric metric, int by) {
    Level level = level(metric);
    level.set(level.own + by);
  }

  private Level level(LlmMetric metric) {
    return levels.computeIfAbsent(metric, m -> group.gauge(m.exactName(), new Level()));
  }

  void add(LlmMetric metric, long count) {
    counters.computeIfAbsent(metric, m -> group.counter(m.exactName())).inc(count);
  }

  /**
   * @param usd not negative; null, which is not known, adds nothing
   */
  void add(LlmMetric metric, BigDecimal usd) {
    if (usd != null) {
      amounts.computeIfAbsent(metric, m -> group.gauge(m.exactName(), new Amount())).add(usd);
    }
  }

  /**
   * @param millis null, which is not known, is not observed
   */
  void observe(LlmMetric metric, Long millis) {
    if (millis != null) {
      histograms.computeIfAbsent(metric, m -> new Buckets(group, m)).add(millis);
    }
  }

  /** A sum that one thread adds to and others read. */
  private static final class Amount implements Gauge<BigDecimal> {
    private volatile BigDecimal sum = BigDecimal.ZERO;

    void add(BigDecimal more) {
      sum = sum.add(more);
    }

    @Override
    public BigDecimal getValue() {
      return sum;
    }
  }

  /** A value that one thread sets and others read. */
  private static final class Level implements Gauge<Double> {
    private double own;
    private volatile double shown;

    void set(double value) {
      own = value;
      shown = value;
    }

    @Override
    public Double getValue() {
      return shown;
    }
  }

  /** Prometheus' cumulative buckets: a counter of what is not above each bound. */
  private static final class Buckets {
    private final long[] boundsMs;
    private final Counter[] notAbove;
    private final Counter count;
    private final Millis sum = new Millis();

    Buckets(MetricGroup group, LlmMetric metric) {
      List<Double> bounds = metric.buckets();
      boundsMs = new long[bounds.size()];
      notAbove = new Counter[bounds.size()];
      for (int i = 0; i < boundsMs.length; i++) {
        double bound = bounds.get(i);
        // Observed are whole milliseconds: those up to the bound's are not above it.
        boundsMs[i] = (long) Math.floor(bound * 1000);
        notAbove[i] =
            group.addGroup("le", Double.toString(bound)).counter(metric.exactName() + "_bucket");
      }
      count = group.counter(metric.exactName() + "_count");
      group.gauge(metric.exactName() + "_sum", sum);
    }

    void add(long millis) {
      for (int i = boundsMs.length - 1; i >= 0 && millis <= boundsMs[i]; i--) {
        notAbove[i].inc();
      }
      sum.add(millis);
      count.inc();
    }
  }

  /** Seconds, from a sum that one thread adds to and others read. */
  private static final class Millis implements Gauge<Double> {
    private long own;
    private volatile long shown;

    void add(long millis) {
      own += millis;
      shown = own;
    }

    @Override
    public Double getValue() {
      return shown / 1000.0;
    }
  }
}
