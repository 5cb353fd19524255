package io.millrace.jobs.anomaly;

import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import io.millrace.schemas.ResponseFinishReason;

/**
 * What the detectors need of a cost row of a request.
 *
 * @param timeMs when the cost was complete, milliseconds since 1970 UTC
 * @param settled whether this is the request's last row; earlier ones count for their cost only
 * @param error whether the request failed
 * @param generated whether a model answered, and not the cache
 * @param cutOff whether the answer ended at its limit of tokens
 * @param usd a statistic here, 0 where there is no known price
 * @param totalMs from admission to the end; -1 if unknown
 * @param drafted tokens that a draft proposed
 * @param accepted how many of these were accepted
 */
public record CostSample(
    String tenant,
    String model,
    long timeMs,
    boolean settled,
    boolean error,
    boolean generated,
    boolean cutOff,
    double usd,
    long totalMs,
    long outputTokens,
    long drafted,
    long accepted) {

  /** The row as a sample; null for rows that belong to no tenant and model. */
  static CostSample of(CostEvent row) {
    if (row.getKind() != CostKind.request || row.getTenant() == null || row.getModel() == null) {
      return null;
    }
    RequestStatus status = row.getStatus();
    return new CostSample(
        row.getTenant(),
        row.getModel(),
        row.getEventTime().toEpochMilli(),
        row.getIsFinal(),
        status == RequestStatus.failed || status == RequestStatus.dead_lettered,
        row.getCached() == CacheOutcome.none,
        row.getFinishReason() == ResponseFinishReason.length,
        row.getTotalUsd() == null ? 0 : row.getTotalUsd().doubleValue(),
        row.getTotalMs() == null ? -1 : row.getTotalMs(),
        row.getOutputTokens(),
        row.getDraftedTokens(),
        row.getAcceptedTokens());
  }

  /** One for each tenant and model, which it holds. */
  String key() {
    return tenant.length() + ":" + tenant + model;
  }

  static String tenantOf(String key) {
    int colon = key.indexOf(':');
    return key.substring(colon + 1, colon + 1 + Integer.parseInt(key.substring(0, colon)));
  }

  static String modelOf(String key) {
    int colon = key.indexOf(':');
    return key.substring(colon + 1 + Integer.parseInt(key.substring(0, colon)));
  }
}
