package io.millrace.jobs.cli.page;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.jobs.report.format.Names;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.AnomalyState;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** The newest requests and anomalies, and what all requests came to. For any thread. */
final class RecentEvents {
  static final int REQUESTS_MAX = 50;
  static final int ANOMALIES_MAX = 50;
  static final int TEXT_MAX = 280;

  private final Deque<ObjectNode> requests = new ArrayDeque<>();
  private final Map<String, ObjectNode> anomalies = new LinkedHashMap<>();
  private final Map<String, String> texts = new LinkedHashMap<>();
  private long settled;
  private long reused;
  private BigDecimal cost = BigDecimal.ZERO;
  private BigDecimal idle = BigDecimal.ZERO;
  private BigDecimal saved = BigDecimal.ZERO;

  synchronized void add(CostEvent row) {
    BigDecimal usd = row.getTotalUsd() == null ? BigDecimal.ZERO : row.getTotalUsd();
    if (row.getKind() != CostKind.request) {
      idle = idle.add(usd);
      return;
    }
    cost = cost.add(usd);
    BigDecimal savedByRow = saved(row);
    saved = saved.add(savedByRow);
    if (!row.getIsFinal()) {
      return;
    }
    settled++;
    reused += row.getCached() == CacheOutcome.none ? 0 : 1;
    ObjectNode request = JsonNodeFactory.instance.objectNode();
    request.put("id", row.getRequestId());
    request.put("time", row.getEventTime().toEpochMilli());
    request.put("tenant", name(row.getTenant()));
    request.put("model", name(row.getModel()));
    request.put("status", String.valueOf(row.getStatus()));
    request.put("finish", row.getFinishReason() == null ? "" : row.getFinishReason().name());
    request.put(
        "input", row.getFreshTokens() + row.getCachedTokens() + row.getCacheWrittenTokens());
    request.put("cached", row.getCachedTokens());
    request.put("output", row.getOutputTokens());
    request.put("ms", row.getTotalMs());
    request.put("usd", row.getTotalUsd() == null ? null : plain(row.getTotalUsd()));
    request.put("saved", plain(savedByRow));
    requests.addFirst(request);
    if (requests.size() > REQUESTS_MAX) {
      requests.removeLast();
    }
  }

  synchronized void add(Anomaly anomaly) {
    ObjectNode shown = JsonNodeFactory.instance.objectNode();
    shown.put("since", anomaly.getFirstSeen().toEpochMilli());
    shown.put("until", anomaly.getWindowEnd().toEpochMilli());
    shown.put("open", anomaly.getState() != AnomalyState.resolved);
    shown.put("detector", name(anomaly.getDetector()));
    shown.put("severity", String.valueOf(anomaly.getSeverity()));
    shown.put("tenant", name(anomaly.getTenant()));
    shown.put("model", name(anomaly.getModel()));
    shown.put("message", Names.shown(anomaly.getMessage(), TEXT_MAX));
    anomalies.put(anomaly.getId(), shown);
    dropOldest(anomalies, ANOMALIES_MAX);
  }

  /** The beginning of an answer, for readers who may see it. */
  synchronized void addText(String requestId, String text) {
    texts.put(requestId, Names.shown(text.strip().replaceAll("\\s+", " "), TEXT_MAX));
    dropOldest(texts, 4 * REQUESTS_MAX); // the answer may come before its row, and many at once
  }

  /** All of it; the newest first. */
  synchronized ObjectNode json() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.putObject("totals")
        .put("requests", settled)
        .put("reused", reused)
        .put("usd", plain(cost))
        .put("idleUsd", plain(idle))
        .put("savedUsd", plain(saved));
    var rows = json.putArray("requests");
    for (ObjectNode request : requests) {
      String text = texts.get(request.get("id").textValue());
      rows.add(text == null ? request : request.deepCopy().put("text", text));
    }
    var alerts = json.putArray("anomalies");
    anomalies.values().forEach(anomaly -> alerts.insert(0, anomaly));
    return json;
  }

  private static BigDecimal saved(CostEvent row) {
    BigDecimal sum = BigDecimal.ZERO;
    for (BigDecimal usd :
        new BigDecimal[] {
          row.getSavedDedupUsd(),
          row.getSavedPrefixUsd(),
          row.getSavedSpeculationUsd(),
          row.getSavedBatchUsd()
        }) {
      sum = usd == null ? sum : sum.add(usd);
    }
    return sum;
  }

  private static <T> void dropOldest(Map<String, T> map, int max) {
    Iterator<String> oldest = map.keySet().iterator();
    while (map.size() > max) {
      oldest.next();
      oldest.remove();
    }
  }

  private static String name(String name) {
    return name == null ? "" : Names.shown(name, Names.SHOWN_MAX);
  }

  private static String plain(BigDecimal usd) {
    return usd.signum() == 0 ? "0" : usd.stripTrailingZeros().toPlainString();
  }
}
