package io.millrace.jobs.dashboards;

import java.util.List;

/**
 * A question about metrics, which says itself in PromQL and answers itself from samples: both are
 * the same question, so that the dashboards of Grafana and the built-in page show the same.
 *
 * <p>What both understand is small on purpose. Differences: Prometheus extrapolates a rate to the
 * borders of its range and misses what a series counted before it was first scraped; here a rate is
 * over what was measured, and counters that appear have begun at 0.
 */
public interface Expr {
  /** The query, with Grafana's variables in it. */
  String promQl();

  /** The answer as of the newest sample. */
  List<Sample> value(Samples samples);

  /** The series that it asks for. */
  List<Selector> selectors();

  /** What a gauge shows. */
  static Expr value(Selector selector) {
    return new Series(selector, Series.Reading.VALUE);
  }

  /** By how much a counter grows a second. */
  static Expr rate(Selector selector) {
    return new Series(selector, Series.Reading.RATE);
  }

  /** By how much a counter grew in all the time that is shown. */
  static Expr increase(Selector selector) {
    return new Series(selector, Series.Reading.INCREASE);
  }

  /** The same for every time. */
  static Expr constant(double number) {
    return new Constant(number);
  }

  /** The present time, seconds since 1970. */
  static Expr now() {
    return new Now();
  }

  /** One sum for each value of the labels; without labels, one. */
  default Expr sum(String... by) {
    return new Aggregate(Aggregate.Operator.SUM, List.of(by), this);
  }

  /** The largest for each value of the labels. */
  default Expr max(String... by) {
    return new Aggregate(Aggregate.Operator.MAX, List.of(by), this);
  }

  /** The smallest for each value of the labels. */
  default Expr min(String... by) {
    return new Aggregate(Aggregate.Operator.MIN, List.of(by), this);
  }

  /** The largest ones. */
  default Expr top(int count) {
    return new Top(count, this);
  }

  /** The only value as a number, for what has other labels. */
  default Expr asNumber() {
    return new Scalar(this);
  }

  /** 0 where there is nothing at all; of what has no labels. */
  default Expr orZero() {
    return new OrZero(this);
  }

  /** Of buckets that are summed by {@code le}. */
  default Expr quantile(double quantile) {
    return new Quantile(quantile, this);
  }

  default Expr times(double factor) {
    return new Arithmetic('*', this, constant(factor));
  }

  default Expr plus(Expr other) {
    return new Arithmetic('+', this, other);
  }

  default Expr minus(Expr other) {
    return new Arithmetic('-', this, other);
  }

  /** Value by value, of equal labels; 0 / 0 is no number. */
  default Expr dividedBy(Expr other) {
    return new Arithmetic('/', this, other);
  }
}
