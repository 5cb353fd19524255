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

  void add(CostEvent row) {
    prompts += row.getIsFinal() ? 1 : 0;
    reused += row.getCached() == CacheOutcome.none ? 0 : 1;
    outputTokens += row.getOutputTokens();
    usd = usd.add(row.getTotalUsd());
    savedUsd =
        savedUsd
            .add(row.getSavedDedupUsd())
            .add(row.getSavedPrefixUsd())
            .add(row.getSavedSpeculationUsd());
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

  BigDecimal usd() {
    return usd;
  }

  BigDecimal savedUsd() {
    return savedUsd;
  }
}
