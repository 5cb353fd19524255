package io.millrace.jobs.cli.demo;

import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import java.math.BigDecimal;

/** What one tenant's committed cost rows add up to. */
final class TenantCosts {
  private long prompts;
  private long reused;
  private long outputTokens;
  private BigDecimal usd = BigDecimal.ZERO;
  private BigDecimal savedUsd = BigDecimal.ZERO;
  private long unpriced;
  private long unpricedSavings;

  void add(CostEvent row) {
    prompts += row.getIsFinal() ? 1 : 0;
    reused += row.getCached() == CacheOutcome.none ? 0 : 1;
    outputTokens += row.getOutputTokens();
    if (row.getTotalUsd() == null) {
      unpriced++;
    } else {
      usd = usd.add(row.getTotalUsd());
    }
    if (row.getSavedDedupUsd() == null || row.getSavedBatchUsd() == null) {
      unpricedSavings++;
    } else {
      savedUsd =
          savedUsd
              .add(row.getSavedDedupUsd())
              .add(row.getSavedPrefixUsd())
              .add(row.getSavedSpeculationUsd())
              .add(row.getSavedBatchUsd());
    }
  }

  long prompts() {
    return prompts;
  }

  long reused() {
    return reused;
  }

  long outputTokens() {
    return outputTokens;
  }

  /** Rows that have no known price; {@link #usd} is without them. */
  long unpriced() {
    return unpriced;
  }

  /** The same of {@link #savedUsd}. */
  long unpricedSavings() {
    return unpricedSavings;
  }

  BigDecimal usd() {
    return usd;
  }

  BigDecimal savedUsd() {
    return savedUsd;
  }
}
