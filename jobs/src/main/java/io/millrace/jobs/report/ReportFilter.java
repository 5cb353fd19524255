package io.millrace.jobs.report;

import java.time.LocalDate;

/**
 * Which rows of the ledger a report is about; null is no bound.
 *
 * @param from the first day, UTC
 * @param to the last day, UTC; inclusive
 * @param tenant whose rows: idle and lost device time is nobody's, and left out then
 * @param model rows of this model
 */
public record ReportFilter(LocalDate from, LocalDate to, String tenant, String model) {

  /** All of it. */
  public static final ReportFilter ALL = new ReportFilter(null, null, null, null);

  /** Checks the order of the days. */
  public ReportFilter {
    if (from != null && to != null && to.isBefore(from)) {
      throw new IllegalArgumentException("from " + from + " is after to " + to);
    }
  }
}
