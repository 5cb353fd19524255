package io.millrace.jobs.anomaly;

/** Far fewer prompts are answered from the cache, or with another's answer, than before. */
final class CacheHitCollapse extends ShareWatch {
  private static final double EXPECTED_MIN = 0.1;

  @Override
  public String name() {
    return "cache-hit-collapse";
  }

  @Override
  public String signal() {
    return "dedup_hit_ratio";
  }

  @Override
  long cases(WindowTotals window) {
    return window.requests;
  }

  @Override
  long hits(WindowTotals window) {
    return Math.max(0, window.requests - window.generated - window.errors);
  }

  @Override
  long casesMin() {
    return 100;
  }

  @Override
  int direction() {
    return -1;
  }

  @Override
  boolean matters(double share, double expected) {
    return expected >= EXPECTED_MIN && share <= expected / 2;
  }
}
