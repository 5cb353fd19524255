package io.millrace.jobs.metrics;

import io.millrace.schemas.Anomaly;
import io.millrace.schemas.AnomalySeverity;
import io.millrace.schemas.AnomalyState;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.metrics.MetricGroup;

/**
 * Feeds the catalogue from what the anomaly job's watches say. The task's thread only; reporters
 * read beside it.
 *
 * <p>What is open is told with every window, not with its changes only: so after a restart the
 * gauges are right again with the next window of a key, though no anomaly begins or ends in it.
 */
public final class AnomalyRecorder {
  /** What is open, each counted in the gauge of its severity. */
  private record Key(String tenant, String model, String detector) {}

  private final LabelledSeries series;
  private final TenantLabels scored;

  /** Those that had an anomaly, so that the calm ones take no name from them. */
  private final TenantLabels alerted;

  private final Map<Key, AnomalySeverity> open = new HashMap<>();

  /**
   * @param group the operator's
   * @param tenantsMax tenants that get a label of their own, the first ones seen
   */
  public AnomalyRecorder(MetricGroup group, int tenantsMax) {
    this.series = new LabelledSeries(group);
    this.scored = new TenantLabels(tenantsMax);
    this.alerted = new TenantLabels(tenantsMax);
  }

  /**
   * What a detector says of a window of a tenant and model.
   *
   * @param score how far out it is; NaN if that cannot be told
   * @param severity of the anomaly that is open after it; null if none is
   */
  public void window(
      String tenant,
      String model,
      String detector,
      String signal,
      double score,
      AnomalySeverity severity) {
    String label = scored.of(tenant);
    if (tenant.equals(label)) {
      series
          .of("tenant", label, "model", model, "detector", detector, "signal", signal)
          .set(LlmMetric.ANOMALY_SCORE, Double.isNaN(score) ? 0 : score);
    }
    Key key = new Key(tenant, model, detector);
    AnomalySeverity before = severity == null ? open.remove(key) : open.put(key, severity);
    if (before != severity) {
      if (before != null) {
        of(key, signal, before).change(LlmMetric.ANOMALY_ACTIVE, -1);
      }
      if (severity != null) {
        of(key, signal, severity).change(LlmMetric.ANOMALY_ACTIVE, 1);
      }
    }
  }

  /** An anomaly that is emitted. */
  public void emitted(Anomaly anomaly) {
    if (anomaly.getState() != AnomalyState.resolved) {
      Key key = new Key(anomaly.getTenant(), anomaly.getModel(), anomaly.getDetector());
      of(key, anomaly.getSignal(), anomaly.getSeverity()).add(LlmMetric.ANOMALIES, 1);
    }
  }

  private LlmSeries of(Key key, String signal, AnomalySeverity severity) {
    return series.of(
        "tenant",
        alerted.of(key.tenant()),
        "model",
        key.model(),
        "detector",
        key.detector(),
        "signal",
        signal,
        "severity",
        severity.toString());
  }
}
