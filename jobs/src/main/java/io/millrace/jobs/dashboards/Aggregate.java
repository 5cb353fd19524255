package io.millrace.jobs.dashboards;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One value of many, by labels. */
record Aggregate(Operator operator, List<String> by, Expr of) implements Expr {
  enum Operator {
    SUM,
    MAX,
    MIN;

    private double together(double a, double b) {
      return switch (this) {
        case SUM -> a + b;
        case MAX -> Math.max(a, b);
        case MIN -> Math.min(a, b);
      };
    }
  }

  @Override
  public String promQl() {
    String labels = by.isEmpty() ? "" : " by (" + String.join(", ", by) + ") ";
    return operator.name().toLowerCase(Locale.ROOT) + labels + "(" + of.promQl() + ")";
  }

  @Override
  public List<Sample> value(Samples samples) {
    Map<Map<String, String>, Double> groups = new LinkedHashMap<>();
    for (Sample sample : of.value(samples)) {
      groups.merge(sample.only(by), sample.value(), operator::together);
    }
    return groups.entrySet().stream().map(g -> new Sample(g.getKey(), g.getValue())).toList();
  }

  @Override
  public List<Selector> selectors() {
    return of.selectors();
  }
}
