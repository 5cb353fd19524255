package io.millrace.jobs.dashboards;

import io.millrace.jobs.metrics.LlmMetric;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Series of one name.
 *
 * @param name of the series: a metric's, or a histogram's with its suffix
 * @param filters all of which hold
 * @param variables labels that a dashboard's reader chooses values of; the built-in page shows all
 */
public record Selector(String name, List<Filter> filters, List<String> variables) {
  /** Labels by which a reader of a dashboard chooses. */
  static final List<String> VARIABLES = List.of("tenant", "model");

  /** How a label's value is compared. */
  enum Comparison {
    IS("="),
    IS_NOT("!="),
    MATCHES("=~");

    private final String operator;

    Comparison(String operator) {
      this.operator = operator;
    }
  }

  /**
   * A condition; a label that is missing is empty.
   *
   * @param value a regular expression that matches the whole, for {@link Comparison#MATCHES}
   */
  record Filter(String label, Comparison comparison, String value) {
    boolean holds(Map<String, String> labels) {
      String actual = labels.getOrDefault(label, "");
      return switch (comparison) {
        case IS -> actual.equals(value);
        case IS_NOT -> !actual.equals(value);
        case MATCHES -> Pattern.matches(value, actual);
      };
    }

    String promQl() {
      return label + comparison.operator + '"' + value.replace("\\", "\\\\") + '"';
    }
  }

  /** Of a metric of the catalogue; counters and gauges. */
  public static Selector of(LlmMetric metric) {
    return of(metric, "");
  }

  /** The buckets of a histogram of the catalogue. */
  public static Selector buckets(LlmMetric metric) {
    return of(metric, "_bucket");
  }

  /** Of a metric of Flink's, by the name that its Prometheus reporter gives. */
  public static Selector flink(String name) {
    return new Selector("flink_" + name, List.of(), List.of());
  }

  private static Selector of(LlmMetric metric, String suffix) {
    List<String> variables = new ArrayList<>(VARIABLES);
    variables.retainAll(metric.labels());
    return new Selector(metric.exactName() + suffix, List.of(), variables);
  }

  /** Those whose label has the value. */
  public Selector where(String label, String value) {
    List<String> others = new ArrayList<>(variables);
    others.remove(label);
    return new Selector(name, and(new Filter(label, Comparison.IS, value)), others);
  }

  /** Those whose label has another value; an empty one stands for a missing label. */
  public Selector whereNot(String label, String value) {
    return new Selector(name, and(new Filter(label, Comparison.IS_NOT, value)), variables);
  }

  /** Those whose label's whole value matches. */
  public Selector whereMatches(String label, String pattern) {
    return new Selector(name, and(new Filter(label, Comparison.MATCHES, pattern)), variables);
  }

  /** Whether a series is among them. */
  public boolean selects(String series, Map<String, String> labels) {
    return name.equals(series) && filters.stream().allMatch(filter -> filter.holds(labels));
  }

  String promQl() {
    List<String> conditions = new ArrayList<>();
    variables.forEach(label -> conditions.add(label + "=~\"$" + label + '"'));
    filters.forEach(filter -> conditions.add(filter.promQl()));
    return conditions.isEmpty() ? name : name + "{" + String.join(",", conditions) + "}";
  }

  private List<Filter> and(Filter filter) {
    List<Filter> all = new ArrayList<>(filters);
    all.add(filter);
    return List.copyOf(all);
  }
}
