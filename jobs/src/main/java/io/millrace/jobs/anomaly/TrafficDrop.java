package io.millrace.jobs.anomaly;

/**
 * Requests stay away. Time must go on without them for this: heartbeats, or other tenants' rows,
 * move it.
 */
final class TrafficDrop extends LevelWatch {
  private static final double EXPECTED_MIN = 10;

  @Override
  public String name() {
    return "traffic-drop";
  }

  @Override
  public String signal() {
    return "requests_per_window";
  }

  @Override
  double value(WindowTotals window) {
    return window.requests;
  }

  /** The root evens out the noise of counts: of any rate, it deviates by about one. */
  @Override
  double level(double value) {
    return -2 * Math.sqrt(value);
  }

  @Override
  double valueOf(double level) {
    return level * level / 4;
  }

  @Override
  double spreadMin() {
    return 1;
  }

  @Override
  boolean matters(double value, double expected) {
    return expected >= EXPECTED_MIN && value <= 0.2 * expected;
  }

  @Override
  boolean stays(double value, double expected) {
    return value <= 0.5 * expected;
  }

  @Override
  boolean critical(double value, double expected) {
    return value == 0 && expected >= 10 * EXPECTED_MIN;
  }
}
