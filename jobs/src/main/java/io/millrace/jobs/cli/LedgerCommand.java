package io.millrace.jobs.cli;

import io.millrace.jobs.ledger.Compaction;
import io.millrace.jobs.ledger.LedgerException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ledger}: what stands before the commands on a ledger's files. */
@Command(
    name = "ledger",
    description = "Look after the files of a ledger.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = LedgerCommand.Compact.class)
final class LedgerCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say what to do: millrace ledger COMMAND");
  }

  /** {@code ledger compact}: many files become one. */
  @Command(
      name = "compact",
      sortOptions = false,
      description = {
        "Make one Parquet file of each day's Arrow files. Readers may read and the job may write"
            + " meanwhile.",
        "Prints the days: their files, rows, and bytes before and after."
      })
  static final class Compact implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Option(
        names = "--ledger",
        paramLabel = "DIR",
        defaultValue = ".millrace-data/ledger",
        description = "Default: ${DEFAULT-VALUE}")
    private Path ledger;

    @Option(
        names = "--before",
        paramLabel = "YYYY-MM-DD",
        description = "Days before this one. Default: today, UTC.")
    private LocalDate before;

    @Override
    public Integer call() throws CommandFailure {
      LocalDate end = before == null ? LocalDate.now(ZoneOffset.UTC) : before;
      List<Compaction.Compacted> days;
      try {
        days = new Compaction(ledger).before(end);
      } catch (LedgerException e) {
        throw CommandFailure.failed(e.getMessage());
      }
      PrintWriter out = spec.commandLine().getOut();
      days.forEach(
          day ->
              out.println(
                  day.day()
                      + "  "
                      + day.files()
                      + " files, "
                      + day.rows()
                      + " rows, "
                      + day.bytesBefore()
                      + " -> "
                      + day.bytesAfter()
                      + " bytes"));
      out.flush();
      if (days.isEmpty()) {
        PrintWriter err = spec.commandLine().getErr();
        err.println("no day before " + end + " has files to compact");
        err.flush();
      }
      return ExitCodes.OK;
    }
  }
}
