package io.millrace.jobs.report.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.report.SampleReports;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;

class TerminalReportTest {

  @Test
  void tellsCostsSavingsAndWhoSpentThem() throws SQLException {
    List<String> lines = TerminalReport.lines(SampleReports.mixed(), 10);

    assertThat(lines)
        .contains(
            "cost                       $0.45 + 1 unpriced",
            "  answers                  $0.40",
            "requests                   4  (0 failed, 1 unpriced)",
            "without savings            $0.68",
            "  answers reused           -$0.25",
            "  speculation              $0.02  (cost more)",
            "saved                      $0.28 + 1 unpriced  (41.2 % of the answers)")
        .anyMatch(line -> line.matches("acme +2 +1 +120 +\\$0.30 +\\$0.30"))
        .anyMatch(line -> line.matches("later +1 +0 +120 +1 unpriced +1 unpriced"))
        .anyMatch(line -> line.startsWith("a day at 10,000 requests   $1,333.33  ($2,266.67 "));
    assertThat(String.join("", lines).chars().noneMatch(Character::isISOControl)).isTrue();
  }

  @Test
  void theRestIsTold() throws SQLException {
    assertThat(TerminalReport.lines(SampleReports.large(), 3))
        .anyMatch(line -> line.startsWith("497 others "))
        .contains("... 360 earlier ones");
  }

  @Test
  void whatIsUnpricedIsNotNothing() throws SQLException {
    assertThat(TerminalReport.lines(SampleReports.unpriced(), 10))
        .contains(
            "cost                       1 unpriced",
            "  answers                  unpriced",
            "per request                –",
            "saved                      2 unpriced  (– of the answers)");
  }

  @Test
  void nothingIsALine() throws SQLException {
    assertThat(TerminalReport.lines(SampleReports.empty(), 10))
        .containsExactly("No costs in a test.");
  }
}
