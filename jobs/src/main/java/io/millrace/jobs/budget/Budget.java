package io.millrace.jobs.budget;

import java.io.Serializable;
import java.math.BigDecimal;

/**
 * What a tenant may spend.
 *
 * @param limitUsd in each period, USD
 * @param period how long a period is
 * @param over what becomes of prompts for which there is nothing left
 */
public record Budget(BigDecimal limitUsd, Period period, Over over) implements Serializable {

  /** What becomes of a prompt for which there is nothing left. */
  public enum Over {
    /** It waits, in the order of arrival, until there is. */
    DEFER,
    /** It becomes a retryable dead letter. */
    REJECT
  }
}
