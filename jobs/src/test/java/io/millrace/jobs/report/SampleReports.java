package io.millrace.jobs.report;

import static io.millrace.jobs.report.TestLedger.answer;
import static io.millrace.jobs.report.TestLedger.hit;
import static io.millrace.jobs.report.TestLedger.idle;
import static io.millrace.jobs.report.TestLedger.recovery;
import static io.millrace.jobs.report.TestLedger.usd;

import java.sql.SQLException;

/** Reports that all formats are tried on. */
public final class SampleReports {
  /** A name that would do harm wherever it is not escaped. */
  public static final String HOSTILE =
      "=cmd()|'<script src=\"http://evil.example/x.js\">alert(1)</script>&\u001b[31m\u202E,\n";

  private SampleReports() {}

  /** Three tenants, one of them hostile, one unpriced; idle and lost time; a loss. */
  public static Report mixed() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      return ledger
          .add(answer("acme", 1, "0.300000000000000000000001").setSavedPrefixUsd(usd("0.05")))
          .add(hit("acme", 12, "0.25"))
          .add(answer(HOSTILE, 23, "0.10").setSavedSpeculationUsd(usd("-0.02")))
          .add(answer("later", 34, null).setModel("gpt-9"))
          .add(idle(35, "0.04"))
          .add(recovery(36, "0.01"))
          .report();
    }
  }

  public static Report empty() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      return ledger.report();
    }
  }

  /** Nothing has a price. */
  public static Report unpriced() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      return ledger.add(answer("a", 1, null)).add(hit("a", 2, null)).report();
    }
  }

  /** Two rows a day for 400 days, of 500 tenants. */
  public static Report large() throws SQLException {
    try (TestLedger ledger = new TestLedger()) {
      for (int day = 0; day < 400; day++) {
        ledger.add(answer("tenant-" + day, day * 86_400, "0.1"));
        ledger.add(answer("tenant-" + day % 100 + "x", day * 86_400, "0.2"));
      }
      return ledger.report();
    }
  }
}
