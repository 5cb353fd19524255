package io.millrace.jobs.dashboards;

import static io.millrace.jobs.dashboards.Expr.increase;
import static io.millrace.jobs.dashboards.Expr.rate;
import static io.millrace.jobs.dashboards.Expr.value;

import io.millrace.jobs.metrics.LlmMetric;
import java.util.List;

/** What is out of the ordinary. */
final class AnomalyPanels {
  /** Where a level opens an alert for certain. */
  private static final double ALERT_DEVIATIONS = 7;

  static final Dashboard DASHBOARD =
      new Dashboard(
          "anomalies",
          "Anomalies",
          "What is out of the ordinary, for whom, and since when.",
          List.of(
              Panel.figure(
                      "Open now",
                      Unit.COUNT,
                      value(Selector.of(LlmMetric.ANOMALY_ACTIVE)).sum().orZero(),
                      "Anomalies that began and are not over.")
                  .worthALookAbove(0),
              Panel.figure(
                  "Began",
                  Unit.COUNT,
                  increase(Selector.of(LlmMetric.ANOMALIES)).sum().orZero(),
                  "In the time that is shown; one that became critical counts again."),
              Panel.timeline(
                      "Open anomalies", "What was out of the ordinary, for whom, and how long.")
                  .with(
                      value(Selector.of(LlmMetric.ANOMALY_ACTIVE)).sum("detector", "tenant"),
                      "{{detector}}, {{tenant}}"),
              Panel.lines(
                      "How far out of the ordinary",
                      Unit.COUNT,
                      "The newest window of each tenant, its largest by detector: in deviations"
                          + " from what is usual. An alert opens at 7, or at 5 if it was never so"
                          + " before.")
                  .with(value(Selector.of(LlmMetric.ANOMALY_SCORE)).max("detector"), "{{detector}}")
                  .worthALookAbove(ALERT_DEVIATIONS),
              Panel.stack("Cost per hour by tenant", Unit.USD, "Where a spike shows.")
                  .with(Questions.hourly(Questions.costOfRequests(), "tenant"), "{{tenant}}"),
              Panel.lines("Latency by tenant, p95", Unit.SECONDS, "Where a shift shows.")
                  .with(Questions.p95(LlmMetric.REQUEST_LATENCY, "tenant"), "{{tenant}}"),
              Panel.lines("Requests per second by tenant", Unit.PER_SECOND, "Where a drop shows.")
                  .with(rate(Selector.of(LlmMetric.REQUESTS)).sum("tenant"), "{{tenant}}"),
              Panel.bars("What began most", Unit.COUNT, "In the time that is shown, by detector.")
                  .with(
                      increase(Selector.of(LlmMetric.ANOMALIES)).sum("detector"), "{{detector}}")));

  private AnomalyPanels() {}
}
