package io.millrace.jobs.anomaly;

/** Answers take longer: the 95th percentile of generated ones. */
final class LatencyShift extends RatioWatch {
  private static final int ANSWERS_MIN = 12;

  @Override
  public String name() {
    return "latency-shift";
  }

  @Override
  public String signal() {
    return "latency_p95_ms";
  }

  @Override
  double value(WindowTotals window) {
    return window.latencyMs.total() >= ANSWERS_MIN ? window.latencyMs.quantile(0.95) : Double.NaN;
  }

  @Override
  double spreadMin() {
    return 0.15;
  }

  @Override
  boolean matters(double value, double expected) {
    return value >= 2 * expected && value >= expected + 50;
  }
}
