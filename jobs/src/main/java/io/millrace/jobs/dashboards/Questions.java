package io.millrace.jobs.dashboards;

import static io.millrace.jobs.dashboards.Expr.increase;
import static io.millrace.jobs.dashboards.Expr.rate;

import io.millrace.jobs.metrics.LlmMetric;

/** What more than one panel asks. */
final class Questions {
  private static final double HOUR_SECONDS = 3600;

  private Questions() {}

  /** USD an hour, at the rate of the last moments. */
  static Expr hourly(Selector usd, String... by) {
    return rate(usd).sum(by).times(HOUR_SECONDS);
  }

  /** Cost of requests, which have a tenant; idle and lost device time have none. */
  static Selector costOfRequests() {
    return Selector.of(LlmMetric.COST).whereNot("tenant", "");
  }

  static Selector costOfNobody() {
    return Selector.of(LlmMetric.COST).where("tenant", "");
  }

  /** A share of the last moments, 0 to 1. */
  static Expr share(LlmMetric part, LlmMetric whole, String... by) {
    return rate(Selector.of(part)).sum(by).dividedBy(rate(Selector.of(whole)).sum(by));
  }

  /** A share over all the time that is shown, 0 to 1. */
  static Expr shareSoFar(LlmMetric part, LlmMetric whole) {
    return increase(Selector.of(part)).sum().dividedBy(increase(Selector.of(whole)).sum());
  }

  /** Of what requests would have cost without savings, what was saved. */
  static Expr savedShare() {
    Expr saved = increase(Selector.of(LlmMetric.SAVED)).sum();
    return saved.dividedBy(increase(costOfRequests()).sum().plus(saved));
  }

  static Expr p95(LlmMetric histogram, String... by) {
    String[] labels = new String[by.length + 1];
    labels[0] = "le";
    System.arraycopy(by, 0, labels, 1, by.length);
    return rate(Selector.buckets(histogram)).sum(labels).quantile(0.95);
  }
}
