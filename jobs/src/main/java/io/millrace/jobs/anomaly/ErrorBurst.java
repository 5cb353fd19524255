package io.millrace.jobs.anomaly;

/** Far more requests fail than before. */
final class ErrorBurst extends ShareWatch {
  private static final double SHARE_MIN = 0.05;

  @Override
  public String name() {
    return "error-burst";
  }

  @Override
  public String signal() {
    return "error_ratio";
  }

  @Override
  long cases(WindowTotals window) {
    return window.requests;
  }

  @Override
  long hits(WindowTotals window) {
    return window.errors;
  }

  @Override
  long casesMin() {
    return 20;
  }

  @Override
  int direction() {
    return 1;
  }

  @Override
  boolean matters(double share, double expected) {
    return share >= SHARE_MIN && share >= 3 * expected;
  }
}
