package io.millrace.jobs.anomaly;

/** Far fewer drafted tokens are accepted than before: speculation costs more than it saves. */
final class AcceptanceCollapse extends ShareWatch {
  private static final double EXPECTED_MIN = 0.2;

  @Override
  public String name() {
    return "acceptance-collapse";
  }

  @Override
  public String signal() {
    return "draft_acceptance_ratio";
  }

  @Override
  long cases(WindowTotals window) {
    return window.drafted;
  }

  @Override
  long hits(WindowTotals window) {
    return window.accepted;
  }

  @Override
  long casesMin() {
    return 500;
  }

  @Override
  int direction() {
    return -1;
  }

  @Override
  boolean matters(double share, double expected) {
    return expected >= EXPECTED_MIN && share <= 0.6 * expected;
  }
}
