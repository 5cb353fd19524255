package io.millrace.jobs.anomaly;

import java.util.List;

/** The one list of what is watched. */
final class Watches {
  private Watches() {}

  /**
   * Fresh ones, for one tenant and model.
   *
   * @param costUsdMin windows that cost less are never a spike, USD
   */
  static List<Watch> all(double costUsdMin) {
    return List.of(
        new CostSpike(costUsdMin),
        new UnitCostSpike(costUsdMin),
        new LatencyShift(),
        new TokenRunaway(),
        new CacheHitCollapse(),
        new AcceptanceCollapse(),
        new ErrorBurst(),
        new TrafficDrop());
  }
}
