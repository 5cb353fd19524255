package io.millrace.jobs.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code ./millrace}: what stands before the commands. */
@Command(
    name = "millrace",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    scope = ScopeType.INHERIT,
    synopsisSubcommandLabel = "COMMAND",
    sortOptions = false,
    description = "Stream processing of LLM prompts: Kafka in, answers and exact costs out.",
    footer = {
      "",
      "Results go to standard output, everything else to standard error.",
      "Exit codes: 0 done, 1 failed, 2 wrong use, 3 something has no price."
    })
final class MillraceCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Show an error's whole origin.")
  private boolean verbose;

  boolean verbose() {
    return verbose;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "say what to do: millrace COMMAND");
  }
}
