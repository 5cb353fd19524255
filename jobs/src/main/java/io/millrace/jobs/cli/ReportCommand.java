package io.millrace.jobs.cli;

import io.millrace.jobs.report.Report;
import io.millrace.jobs.report.ReportFilter;
import io.millrace.jobs.report.SliceLength;
import io.millrace.jobs.report.format.CsvReport;
import io.millrace.jobs.report.format.JsonReport;
import io.millrace.jobs.report.format.TerminalReport;
import io.millrace.jobs.report.html.HtmlReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code report}: what the ledger adds up to. */
@Command(
    name = "report",
    sortOptions = false,
    description = {
      "What it cost and what was saved, by tenant, model and time, from a ledger's files.",
      "Prints a table, unless JSON or CSV goes to standard output. Amounts in JSON and CSV are"
          + " exact."
    })
final class ReportCommand implements Callable<Integer> {
  private static final String STANDARD_OUTPUT = "-";
  private static final int TOP_MAX = 1_000;

  /** How slices may be asked for. */
  enum By {
    HOUR(SliceLength.HOUR),
    DAY(SliceLength.DAY);

    private final SliceLength slices;

    By(SliceLength slices) {
      this.slices = slices;
    }
  }

  @Spec private CommandSpec spec;

  @Option(
      names = "--ledger",
      paramLabel = "DIR",
      defaultValue = ".millrace-data/ledger",
      description = "Folder of the ledger. Default: ${DEFAULT-VALUE}, that of 'up'.")
  private Path ledger;

  @Option(names = "--from", paramLabel = "DAY", description = "First day, UTC: 2026-01-31.")
  private LocalDate from;

  @Option(names = "--to", paramLabel = "DAY", description = "Last day, UTC, inclusive.")
  private LocalDate to;

  @Option(names = "--tenant", paramLabel = "T", description = "Only this tenant's requests.")
  private String tenant;

  @Option(names = "--model", paramLabel = "M", description = "Only this model's rows.")
  private String model;

  @Option(
      names = "--by",
      paramLabel = "hour|day",
      description = "How time is cut. Default: by minute, hour or day, as suits the period.")
  private By by;

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "10",
      description =
          "Tenants and models that table and page tell one by one. Default: ${DEFAULT-VALUE}")
  private int top;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Gets the figures as JSON; - is standard output.")
  private String json;

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Gets them as CSV; - is standard output.")
  private String csv;

  @Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Gets one page with charts that needs nothing else.")
  private Path html;

  @Override
  public Integer call() throws IOException {
    check();
    ReportFilter filter = new ReportFilter(from, to, tenant, model);
    Report report =
        LedgerReports.read(ledger, filter, by == null ? null : by.slices, Instant.now());

    PrintWriter out = spec.commandLine().getOut();
    if (json != null) {
      write(json, out, target -> target.append(JsonReport.of(report)).append("\n"));
    }
    if (csv != null) {
      write(csv, out, target -> CsvReport.write(report, target));
    }
    if (html != null) {
      Files.writeString(html, HtmlReport.of(report, top));
    }
    if (Stream.of(json, csv).noneMatch(STANDARD_OUTPUT::equals)) {
      TerminalReport.lines(report, top).forEach(out::println);
    }
    out.flush();
    return ExitCodes.OK;
  }

  private void check() {
    if (top < 1 || top > TOP_MAX) {
      throw CommandFailure.wrongUse("--top is " + top + ", must be 1 to " + TOP_MAX);
    }
    if (STANDARD_OUTPUT.equals(json) && STANDARD_OUTPUT.equals(csv)) {
      throw CommandFailure.wrongUse("only one of --json and --csv can go to standard output");
    }
    if (from != null && to != null && to.isBefore(from)) {
      throw CommandFailure.wrongUse("--from " + from + " is after --to " + to);
    }
  }

  private interface Target {
    void to(Appendable target) throws IOException;
  }

  private static void write(String file, PrintWriter out, Target text) throws IOException {
    if (file.equals(STANDARD_OUTPUT)) {
      text.to(out);
      return;
    }
    try (var writer = Files.newBufferedWriter(Path.of(file))) {
      text.to(writer);
    }
  }
}
