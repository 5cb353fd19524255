package io.millrace.jobs.anomaly;

/** A tenant's costs rise. */
final class CostSpike extends LevelWatch {
  private final double usdMin;

  /**
   * @param usdMin windows that cost less are never a spike, USD
   */
  CostSpike(double usdMin) {
    this.usdMin = usdMin;
  }

  @Override
  public String name() {
    return "cost-spike";
  }

  @Override
  public String signal() {
    return "cost_per_window_usd";
  }

  @Override
  double value(WindowTotals window) {
    return window.usd() > 0 ? window.usd() : Double.NaN;
  }

  @Override
  double level(double value) {
    return Math.log(value);
  }

  @Override
  double valueOf(double level) {
    return Math.exp(level);
  }

  @Override
  double spreadMin() {
    return 0.1;
  }

  @Override
  boolean matters(double value, double expected) {
    return value >= usdMin && value >= 1.5 * expected;
  }

  @Override
  boolean stays(double value, double expected) {
    return value >= 1.3 * expected;
  }

  @Override
  boolean critical(double value, double expected) {
    return value >= 5 * expected;
  }
}
