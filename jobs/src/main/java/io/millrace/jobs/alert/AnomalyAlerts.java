package io.millrace.jobs.alert;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.AnomalySeverity;
import io.millrace.schemas.AnomalyState;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;

/**
 * Anomalies as alerts of Alertmanager's API, version 2. They have the labels that the rules of
 * docker/prometheus/rules/anomalies.yml give them, so that Alertmanager, which tells alerts apart
 * by their labels, has one of both. An alert is over when it is said again with an end that has
 * passed; one of which nothing more is heard ends when its anomaly can no longer be open.
 */
final class AnomalyAlerts {
  /** An anomaly is open for 60 windows at most; after it, what was anomalous is normal. */
  private static final int WINDOWS_MAX = 64;

  private static final String PAGE = "page";
  private static final String TICKET = "ticket";

  private record Kind(String alert, String what) {}

  private static final Kind UNKNOWN = new Kind("LlmAnomaly", "something is unusual");
  private static final Map<String, Kind> BY_DETECTOR =
      Map.of(
          "cost-spike", new Kind("LlmCostAnomaly", "costs rise"),
          "unit-cost-spike", new Kind("LlmCostAnomaly", "costs rise"),
          "latency-shift", new Kind("LlmLatencyShift", "answers are slower than usual"),
          "token-runaway", new Kind("LlmTokenRunaway", "answers do not end"),
          "cache-hit-collapse", new Kind("LlmCacheHitCollapse", "the answer cache hardly hits"),
          "acceptance-collapse",
              new Kind("LlmDraftAcceptanceCollapse", "drafts are hardly accepted"),
          "error-burst", new Kind("LlmErrorBurst", "requests fail"),
          "traffic-drop", new Kind("LlmTrafficDrop", "requests stay away"));

  private final ObjectMapper json = new ObjectMapper();

  /** The name of the alert of a detector's anomalies. */
  static String nameOf(String detector) {
    return BY_DETECTOR.getOrDefault(detector, UNKNOWN).alert();
  }

  /**
   * The body of a POST to /api/v2/alerts.
   *
   * @param anomalies in their order; of what is said twice the last counts
   */
  byte[] body(Collection<Anomaly> anomalies, Instant now) {
    ArrayNode alerts = json.createArrayNode();
    for (Anomaly anomaly : anomalies) {
      boolean page = anomaly.getSeverity() == AnomalySeverity.critical;
      if (anomaly.getState() == AnomalyState.resolved) {
        // Also the severity that it had before: what said so may have been lost.
        add(alerts, anomaly, PAGE, over(anomaly, now));
        add(alerts, anomaly, TICKET, over(anomaly, now));
      } else {
        if (page) {
          add(alerts, anomaly, TICKET, over(anomaly, now));
        }
        add(alerts, anomaly, page ? PAGE : TICKET, endMax(anomaly));
      }
    }
    return alerts.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static Instant over(Anomaly anomaly, Instant now) {
    return anomaly.getWindowEnd().isBefore(now) ? anomaly.getWindowEnd() : now;
  }

  /** In event time: what is read again long after is over at once. */
  private static Instant endMax(Anomaly anomaly) {
    Duration window = Duration.between(anomaly.getWindowStart(), anomaly.getWindowEnd());
    return anomaly.getFirstSeen().plus(window.multipliedBy(WINDOWS_MAX));
  }

  private static void add(ArrayNode alerts, Anomaly anomaly, String severity, Instant end) {
    Kind kind = BY_DETECTOR.getOrDefault(anomaly.getDetector(), UNKNOWN);
    Instant first = anomaly.getFirstSeen();
    ObjectNode alert = alerts.addObject();
    // An end before the beginning is refused.
    alert.put("startsAt", (first.isBefore(end) ? first : end).toString());
    alert.put("endsAt", end.toString());
    ObjectNode labels = alert.putObject("labels");
    labels.put("alertname", kind.alert());
    put(labels, "tenant", anomaly.getTenant());
    put(labels, "model", anomaly.getModel());
    labels.put("detector", anomaly.getDetector());
    labels.put("signal", anomaly.getSignal());
    labels.put("severity", severity);
    ObjectNode annotations = alert.putObject("annotations");
    annotations.put(
        "summary", anomaly.getTenant() + " on " + anomaly.getModel() + ": " + kind.what());
    annotations.put("description", anomaly.getMessage());
    annotations.put("anomaly_id", anomaly.getId());
    annotations.put("runbook_url", "docs/OPERATIONS.md#" + kind.alert().toLowerCase(Locale.ROOT));
  }

  /** An empty label is one that is not there. */
  private static void put(ObjectNode labels, String name, String value) {
    if (value != null && !value.isEmpty()) {
      labels.put(name, value);
    }
  }
}
