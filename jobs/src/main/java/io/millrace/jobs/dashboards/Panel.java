package io.millrace.jobs.dashboards;

import java.util.ArrayList;
import java.util.List;

/**
 * One thing to look at.
 *
 * @param title short, with the unit where that does not show
 * @param description what it tells, and what to make of it; a sentence or two
 * @param threshold from where on (or down to where) it is worth a look; null without
 */
public record Panel(
    String title,
    String description,
    Kind kind,
    Unit unit,
    List<Query> queries,
    Threshold threshold) {

  /** How it is drawn. */
  public enum Kind {
    /** The newest value, large. */
    FIGURE,
    /** Lines over time. */
    LINES,
    /** Areas over time, one on another. */
    STACK,
    /** The newest values as bars, side by side. */
    BARS,
    /** What was when, a row for each. */
    TIMELINE
  }

  /**
   * Where what is shown becomes worth a look.
   *
   * @param above whether it is above the limit, or below it
   */
  public record Threshold(double limit, boolean above) {}

  static Panel figure(String title, Unit unit, Expr expr, String description) {
    return new Panel(title, description, Kind.FIGURE, unit, List.of(new Query(expr, title)), null);
  }

  static Panel lines(String title, Unit unit, String description) {
    return new Panel(title, description, Kind.LINES, unit, List.of(), null);
  }

  static Panel stack(String title, Unit unit, String description) {
    return new Panel(title, description, Kind.STACK, unit, List.of(), null);
  }

  static Panel bars(String title, Unit unit, String description) {
    return new Panel(title, description, Kind.BARS, unit, List.of(), null);
  }

  static Panel timeline(String title, String description) {
    return new Panel(title, description, Kind.TIMELINE, Unit.COUNT, List.of(), null);
  }

  Panel with(Expr expr, String legend) {
    List<Query> all = new ArrayList<>(queries);
    all.add(new Query(expr, legend));
    return new Panel(title, description, kind, unit, List.copyOf(all), threshold);
  }

  /** The usual three of a histogram. */
  Panel withQuantiles(Selector buckets) {
    Expr rates = Expr.rate(buckets).sum("le");
    return with(rates.quantile(0.5), "p50")
        .with(rates.quantile(0.95), "p95")
        .with(rates.quantile(0.99), "p99");
  }

  Panel worthALookAbove(double limit) {
    return new Panel(title, description, kind, unit, queries, new Threshold(limit, true));
  }

  Panel worthALookBelow(double limit) {
    return new Panel(title, description, kind, unit, queries, new Threshold(limit, false));
  }
}
