package io.millrace.jobs.report.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import io.millrace.jobs.report.Report;
import io.millrace.jobs.report.SampleReports;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CsvReportTest {

  @Test
  void aReaderOfCsvGetsWhatWasWritten() throws Exception {
    List<Map<String, String>> rows = rows(SampleReports.mixed());

    assertThat(rows).extracting(row -> row.get("section")).startsWith("total", "tenant");
    assertThat(rows.get(0)).containsEntry("total_usd", "0.450000000000000000000001");
    assertThat(rows.get(1)).containsEntry("name", "acme").containsEntry("hits", "1");
    assertThat(rows.get(2))
        .as("no spreadsheet takes the name for a formula")
        .containsEntry("name", "'" + SampleReports.HOSTILE);
    assertThat(rows.get(3))
        .as("unpriced is empty, and not 0")
        .containsEntry("name", "later")
        .containsEntry("total_usd", "")
        .containsEntry("unpriced_rows", "1");
    assertThat(rows).hasSize(1 + 3 + 2 + 4);
    assertThat(rows.get(9))
        .containsEntry("section", "ten seconds")
        .containsEntry("name", "2026-03-01T10:00:30Z")
        .containsEntry("idle_usd", "0.04");
  }

  @Test
  void allTenantsAndDaysAreThere() throws Exception {
    assertThat(rows(SampleReports.large())).hasSize(1 + 500 + 1 + 400);
    assertThat(rows(SampleReports.empty())).hasSize(1);
  }

  private static List<Map<String, String>> rows(Report report) throws IOException {
    StringBuilder csv = new StringBuilder();
    CsvReport.write(report, csv);
    try (MappingIterator<Map<String, String>> rows =
        new CsvMapper()
            .readerForMapOf(String.class)
            .with(CsvSchema.emptySchema().withHeader())
            .readValues(csv.toString())) {
      return rows.readAll();
    }
  }
}
