package io.millrace.jobs.report.format;

import io.millrace.jobs.report.Group;
import io.millrace.jobs.report.Ranking;
import io.millrace.jobs.report.Report;
import io.millrace.jobs.report.Sums;
import io.millrace.jobs.report.TimeSlice;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A report as CSV (RFC 4180, UTF-8): a line for the total, each tenant, each model and each slice
 * of time, all with the same columns. Amounts have all their digits; what is not known is empty.
 * Names that a spreadsheet would take for a formula get an apostrophe before them.
 */
public final class CsvReport {
  private static final String END = "\r\n";
  private static final String FORMULA_STARTS = "=+-@\t\r";

  private final Appendable out;

  private CsvReport(Appendable out) {
    this.out = out;
  }

  /** Writes all of it. */
  public static void write(Report report, Appendable out) throws IOException {
    new CsvReport(out).write(report);
  }

  private void write(Report report) throws IOException {
    Map<String, Object> total = Figures.of(report.total());
    out.append("section,name,").append(String.join(",", total.keySet())).append(END);
    row("total", "", report.total());
    groups("tenant", report.tenants());
    groups("model", report.models());
    for (TimeSlice slice : report.slices()) {
      row(report.period().orElseThrow().slices().label(), slice.start().toString(), slice.sums());
    }
  }

  private void groups(String section, Ranking ranking) throws IOException {
    for (Group group : ranking.groups()) {
      row(section, name(group.name()), group.sums());
    }
    if (ranking.restOf().isPresent()) {
      row("other " + section + "s", Long.toString(ranking.others()), ranking.restOf().get());
    }
  }

  private void row(String section, String name, Sums sums) throws IOException {
    out.append(section).append(',').append(quoted(name)).append(',');
    out.append(
        Figures.of(sums).values().stream().map(CsvReport::text).collect(Collectors.joining(",")));
    out.append(END);
  }

  private static String text(Object value) {
    if (value == null) {
      return "";
    }
    return value instanceof BigDecimal amount ? Amounts.exact(amount) : value.toString();
  }

  private static String name(String name) {
    if (name == null) {
      return "";
    }
    boolean formula = !name.isEmpty() && FORMULA_STARTS.indexOf(name.charAt(0)) >= 0;
    return formula ? "'" + name : name;
  }

  private static String quoted(String text) {
    boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
