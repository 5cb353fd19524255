package io.millrace.jobs.budget;

import java.math.BigDecimal;

/**
 * Whether a prompt may be answered now: iff what its tenant has spent and reserved, and the most
 * that the prompt can cost, are together within the budget.
 *
 * @param kind what becomes of it
 * @param bound the most that it can cost, USD; null if that is not known
 * @param code of a dead letter, short and machine-readable; null if it may be answered
 * @param reason one line for the prompt's sender; null if it may be answered
 */
record Verdict(Kind kind, BigDecimal bound, String code, String reason) {

  /** Code of prompts for which there is too little left. */
  static final String EXCEEDED = "budget_exceeded";

  /** Code of prompts whose price nobody knows. */
  static final String UNPRICED = "budget_unpriced";

  enum Kind {
    /** It may be answered. */
    ADMIT,
    /** It may be, later. */
    LATER,
    /** It never may, with this budget. */
    NEVER
  }

  static Verdict of(
      String tenant, String model, Budget budget, Account account, BigDecimal bound, long nowMs) {
    if (bound == null) {
      return new Verdict(
          Kind.NEVER,
          null,
          UNPRICED,
          "tenant " + tenant + " has a budget, and no price is known for model " + model);
    }
    BigDecimal spent = account.spent(budget.period(), nowMs);
    BigDecimal free = budget.limitUsd().subtract(spent).subtract(account.reserved());
    if (bound.compareTo(free) <= 0) {
      return new Verdict(Kind.ADMIT, bound, null, null);
    }
    // What is spent comes back with the next period, what is reserved with the answers.
    BigDecimal most =
        budget.period() == Period.TOTAL ? budget.limitUsd().subtract(spent) : budget.limitUsd();
    return new Verdict(
        bound.compareTo(most) > 0 ? Kind.NEVER : Kind.LATER,
        bound,
        EXCEEDED,
        "tenant "
            + tenant
            + " may spend "
            + text(budget.limitUsd())
            + " USD "
            + (budget.period() == Period.TOTAL ? "in all" : "a " + budget.period().label())
            + ": "
            + text(spent)
            + " are spent, "
            + text(account.reserved())
            + " reserved, and this prompt can cost "
            + text(bound));
  }

  private static String text(BigDecimal usd) {
    return usd.signum() == 0 ? "0" : usd.stripTrailingZeros().toPlainString();
  }
}
