package io.millrace.jobs.metrics;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricGroup;

/**
 * What is registered of the catalogue, in Prometheus' text format 0.0.4 under its exact names and
 * types; all else is ignored. Safe for any thread.
 */
public final class LlmText {
  private static final double NO_BOUND = Double.POSITIVE_INFINITY;

  /**
   * @param labels without the braces, each followed by a comma
   * @param bound of a bucket
   */
  private record Series(Metric source, String name, String labels, double bound) {}

  private final Map<LlmMetric, List<Series>> registered = new EnumMap<>(LlmMetric.class);

  /** Whether the metric is in the catalogue; if so, it is shown from now on. */
  public synchronized boolean add(Metric source, String name, MetricGroup group) {
    LlmMetric metric = LlmMetric.ofSeries(name);
    if (metric == null) {
      return false;
    }
    Map<String, String> variables = group.getAllVariables();
    StringBuilder labels = new StringBuilder();
    Stream.concat(metric.labels().stream(), Stream.of("job_name", "subtask_index"))
        .filter(label -> variables.containsKey("<" + label + ">"))
        .forEach(
            label ->
                labels
                    .append(label)
                    .append("=\"")
                    .append(escaped(variables.get("<" + label + ">")))
                    .append("\","));
    String bound = variables.get("<le>");
    registered
        .computeIfAbsent(metric, m -> new ArrayList<>())
        .add(
            new Series(
                source,
                name,
                labels.toString(),
                bound == null ? NO_BOUND : Double.parseDouble(bound)));
    return true;
  }

  /** Shows the metric no longer. */
  public synchronized void remove(Metric source, String name) {
    List<Series> series = registered.get(LlmMetric.ofSeries(name));
    if (series != null) {
      series.removeIf(s -> s.source() == source);
    }
  }

  /** All values as of now. */
  public String scrape() {
    Map<LlmMetric, List<Series>> current = new EnumMap<>(LlmMetric.class);
    synchronized (this) {
      registered.forEach((metric, series) -> current.put(metric, List.copyOf(series)));
    }
    StringBuilder out = new StringBuilder(16 * 1024);
    current.forEach(
        (metric, series) -> {
          if (!series.isEmpty()) {
            String type = metric.type().name().toLowerCase(Locale.ROOT);
            out.append("# HELP " + metric.exactName() + " " + metric.help() + "\n");
            out.append("# TYPE " + metric.exactName() + " " + type + "\n");
            if (metric.type() == LlmMetric.Type.HISTOGRAM) {
              histograms(out, metric.exactName(), series);
            } else {
              // A task that starts while its predecessor ends has the same labels: one line.
              Map<String, Double> values = new LinkedHashMap<>();
              series.forEach(s -> values.merge(s.labels(), value(s.source()), Double::sum));
              values.forEach((labels, value) -> line(out, metric.exactName(), labels, value));
            }
          }
        });
    return out.toString();
  }

  /** Each set of labels: its buckets by rising bound, its sum and its count. */
  private static void histograms(StringBuilder out, String name, List<Series> all) {
    Map<String, List<Series>> byLabels = new LinkedHashMap<>();
    all.forEach(s -> byLabels.computeIfAbsent(s.labels(), l -> new ArrayList<>()).add(s));
    byLabels.forEach(
        (labels, series) -> {
          NavigableMap<Double, Double> buckets = new TreeMap<>(Comparator.reverseOrder());
          series.stream()
              .filter(s -> s.name().endsWith("_bucket"))
              .forEach(s -> buckets.merge(s.bound(), value(s.source()), Double::sum));
          double count = sum(series, name + "_count");
          // Values are read while they grow: no bucket may be seen above a wider one.
          double[] wider = {count};
          buckets.replaceAll((bound, value) -> wider[0] = Math.min(value, wider[0]));
          buckets
              .descendingMap()
              .forEach(
                  (bound, value) ->
                      line(out, name + "_bucket", labels + "le=\"" + bound + "\",", value));
          line(out, name + "_bucket", labels + "le=\"+Inf\",", count);
          line(out, name + "_sum", labels, sum(series, name + "_sum"));
          line(out, name + "_count", labels, count);
        });
  }

  private static double sum(List<Series> series, String name) {
    return series.stream()
        .filter(s -> s.name().equals(name))
        .mapToDouble(s -> value(s.source()))
        .sum();
  }

  private static double value(Metric metric) {
    if (metric instanceof Counter counter) {
      return counter.getCount();
    }
    try {
      return metric instanceof Gauge<?> gauge && gauge.getValue() instanceof Number number
          ? number.doubleValue()
          : 0;
    } catch (RuntimeException e) {
      return 0; // a gauge of a task that is just ending must not spoil the scrape
    }
  }

  private static void line(StringBuilder out, String name, String labels, double value) {
    out.append(name).append('{').append(labels).append("} ");
    if (value == Math.rint(value) && Math.abs(value) < 1L << 53) {
      out.append((long) value);
    } else {
      out.append(value);
    }
    out.append('\n');
  }

  /** Whoever may name a tenant may write into this. */
  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }
}
