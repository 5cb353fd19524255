package io.millrace.jobs.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.HistogramStatistics;
import org.apache.flink.metrics.LogicalScopeProvider;
import org.apache.flink.metrics.Meter;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricGroup;

/**
 * Flink's metrics in Prometheus' text format 0.0.4, under the same names, labels and types as
 * Flink's own reporter gives them, so that one dashboard serves both. Safe for any thread.
 */
final class FlinkText {

  private static final Pattern UNALLOWED = Pattern.compile("[^a-zA-Z0-9:_]");
  private static final double[] QUANTILES = {0.5, 0.75, 0.95, 0.98, 0.99, 0.999};

  private record Series(Metric metric, String labels) {}

  /** By metric name; sorted, so that a scrape lists all series of a name together. */
  private final Map<String, List<Series>> seriesByName = new TreeMap<>();

  synchronized void add(Metric metric, String metricName, MetricGroup group) {
    seriesByName
        .computeIfAbsent(name(metricName, group), name -> new ArrayList<>())
        .add(new Series(metric, labels(group)));
  }

  synchronized void remove(Metric metric, String metricName, MetricGroup group) {
    String name = name(metricName, group);
    List<Series> series = seriesByName.get(name);
    if (series != null) {
      series.removeIf(s -> s.metric() == metric);
      if (series.isEmpty()) {
        seriesByName.remove(name);
      }
    }
  }

  String scrape() {
    // Values are asked for outside the lock: a gauge may wait for a thread that adds metrics.
    Map<String, List<Series>> current = new TreeMap<>();
    synchronized (this) {
      seriesByName.forEach((name, series) -> current.put(name, List.copyOf(series)));
    }
    StringBuilder out = new StringBuilder(64 * 1024);
    current.forEach(
        (name, series) -> {
          Metric first = series.get(0).metric();
          out.append("# TYPE ").append(name).append(' ');
          out.append(first instanceof Histogram ? "summary\n" : "gauge\n");
          for (Series s : series) {
            append(out, name, s);
          }
        });
    return out.toString();
  }

  private static void append(StringBuilder out, String name, Series series) {
    Metric metric = series.metric();
    if (metric instanceof Counter counter) {
      line(out, name, series.labels(), (double) counter.getCount());
    } else if (metric instanceof Meter meter) {
      line(out, name, series.labels(), meter.getRate());
    } else if (metric instanceof Gauge<?> gauge) {
      appendGauge(out, name, series.labels(), gauge);
    } else if (metric instanceof Histogram histogram) {
      HistogramStatistics statistics = histogram.getStatistics();
      line(out, name + "_count", series.labels(), (double) histogram.getCount());
      for (double quantile : QUANTILES) {
        String labels = series.labels() + "quantile=\"" + quantile + "\",";
        line(out, name, labels, statistics.getQuantile(quantile));
      }
    }
  }

  private static void appendGauge(StringBuilder out, String name, String labels, Gauge<?> gauge) {
    Object value;
    try {
      value = gauge.getValue();
    } catch (RuntimeException e) {
      return; // a gauge of a task that is just ending must not spoil the scrape
    }
    if (value instanceof Number number) {
      line(out, name, labels, number.doubleValue());
    } else if (value instanceof Boolean yes) {
      line(out, name, labels, yes ? 1 : 0);
    } // text has no place in Prometheus
  }

  private static void line(StringBuilder out, String name, String labels, double value) {
    out.append(name);
    if (!labels.isEmpty()) {
      out.append('{').append(labels).append('}');
    }
    out.append(' ').append(number(value)).append('\n');
  }

  private static String number(double value) {
    if (Double.isInfinite(value)) {
      return value > 0 ? "+Inf" : "-Inf";
    }
    if (value == Math.rint(value) && Math.abs(value) < 1L << 53) {
      return Long.toString((long) value);
    }
    return Double.toString(value);
  }

  private static String name(String metricName, MetricGroup group) {
    String scope = LogicalScopeProvider.castFrom(group).getLogicalScope(FlinkText::clean, '_');
    return "flink_" + scope + "_" + clean(metricName);
  }

  /** {@code key="value",} for every variable of the group. */
  private static String labels(MetricGroup group) {
    StringBuilder labels = new StringBuilder();
    new TreeMap<>(group.getAllVariables())
        .forEach(
            (key, value) ->
                labels
                    .append(clean(key.substring(1, key.length() - 1)).toLowerCase(Locale.ROOT))
                    .append("=\"")
                    .append(clean(value))
                    .append("\","));
    return labels.toString();
  }

  private static String clean(String text) {
    return UNALLOWED.matcher(text).replaceAll("_");
  }
}
