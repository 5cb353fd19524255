package io.millrace.jobs.anomaly;

/** A tenant's costs rise. */
final class CostSpike extends RatioWatch {
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
  double spreadMin() {
    return 0.1;
  }

  @Override
  boolean matters(double value, double expected) {
    return value >= usdMin && value >= 1.5 * expected;
  }
}
