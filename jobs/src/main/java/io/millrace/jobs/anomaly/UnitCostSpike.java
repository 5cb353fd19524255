package io.millrace.jobs.anomaly;

/**
 * What a request costs rises: dearer prices, longer prompts or answers, a cache that no longer
 * helps.
 */
final class UnitCostSpike extends RatioWatch {
  private static final int REQUESTS_MIN = 10;

  private final double usdMin;

  /**
   * @param usdMin windows that cost less are not judged, USD
   */
  UnitCostSpike(double usdMin) {
    this.usdMin = usdMin;
  }

  @Override
  public String name() {
    return "unit-cost-spike";
  }

  @Override
  public String signal() {
    return "cost_per_request_usd";
  }

  @Override
  double value(WindowTotals window) {
    return window.requests >= REQUESTS_MIN && window.usd() > 0 && window.usd() >= usdMin
        ? window.usd() / window.requests
        : Double.NaN;
  }

  @Override
  double spreadMin() {
    return 0.1;
  }

  @Override
  boolean matters(double value, double expected) {
    return value >= 1.5 * expected;
  }
}
