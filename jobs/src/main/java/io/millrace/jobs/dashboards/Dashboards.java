package io.millrace.jobs.dashboards;

import java.util.List;

/** The one list of all panels. */
public final class Dashboards {
  /** In the order in which they are read. */
  public static final List<Dashboard> ALL =
      List.of(
          Overview.DASHBOARD,
          Serving.DASHBOARD,
          SpeculationAndCache.DASHBOARD,
          Spending.DASHBOARD,
          AnomalyPanels.DASHBOARD,
          FlinkAndKafka.DASHBOARD);

  private Dashboards() {}
}
