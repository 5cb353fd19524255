package io.millrace.jobs.cli;

import io.millrace.jobs.Models;
import io.millrace.jobs.cli.bench.BenchCommand;
import io.millrace.jobs.cli.model.GenerateCommand;
import io.millrace.jobs.cli.model.InspectCommand;
import io.millrace.jobs.cli.model.MakeModelCommand;
import io.millrace.jobs.cli.model.PerplexityCommand;
import io.millrace.jobs.cli.model.QuantizeCommand;
import io.millrace.jobs.cli.model.TokenizeCommand;
import java.util.List;
import picocli.CommandLine;

/** The one list of all commands. */
final class Commands {
  private Commands() {}

  /** In the order of {@code --help}. */
  private static List<Object> all(Models models) {
    return List.of(
        new DemoCommand(models),
        new BatchCommand(models),
        new UpCommand(models),
        new SubmitCommand(),
        new WatchCommand(),
        new ReplayCommand(),
        new ReportCommand(),
        new PriceCommand(),
        new LedgerCommand(),
        new DashboardsCommand(),
        new GenerateCommand(),
        new TokenizeCommand(),
        new InspectCommand(),
        new QuantizeCommand(),
        new PerplexityCommand(),
        new MakeModelCommand(),
        new BenchCommand(),
        new TortureCommand());
  }

  /**
   * The command line, ready to execute.
   *
   * @param models opens the models that commands run
   */
  static CommandLine commandLine(Models models) {
    MillraceCommand top = new MillraceCommand();
    CommandLine line = new CommandLine(top);
    all(models).forEach(line::addSubcommand);
    Errors errors = new Errors(top::verbose);
    return line.registerConverter(java.time.Duration.class, Durations::parse)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(errors)
        .setParameterExceptionHandler(errors);
  }
}
