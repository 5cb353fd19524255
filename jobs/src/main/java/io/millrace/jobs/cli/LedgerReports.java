package io.millrace.jobs.cli;

import io.millrace.jobs.ledger.LedgerException;
import io.millrace.jobs.ledger.LedgerReader;
import io.millrace.jobs.report.Report;
import io.millrace.jobs.report.ReportFilter;
import io.millrace.jobs.report.ReportQueries;
import io.millrace.jobs.report.SliceLength;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;

/** Makes reports of a ledger's folder. */
final class LedgerReports {
  private static final int TRIES_MAX = 3;

  private LedgerReports() {}

  /**
   * What the ledger says.
   *
   * @param slices null takes what suits the period
   * @param now when the report is made
   * @throws CommandFailure if it cannot be read or added up, or has too many slices
   */
  static Report read(Path ledger, ReportFilter filter, SliceLength slices, Instant now) {
    for (int attempt = 1; ; attempt++) {
      try (LedgerReader reader = LedgerReader.open(ledger, filter.from(), filter.to())) {
        return new ReportQueries(reader.connection())
            .report("ledger " + ledger, filter, slices, now);
      } catch (LedgerException e) {
        throw CommandFailure.failed(e.getMessage(), e);
      } catch (IllegalArgumentException e) {
        throw CommandFailure.wrongUse(e.getMessage() + "; take --by day, or fewer days");
      } catch (SQLException e) {
        // Days may have been compacted, and their files replaced, since they were listed.
        if (attempt == TRIES_MAX) {
          throw CommandFailure.failed(
              "the ledger " + ledger + " cannot be added up: " + firstLine(e), e);
        }
      }
    }
  }

  private static String firstLine(SQLException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }
}
