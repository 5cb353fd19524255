package io.millrace.jobs.cli.bench;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench}: what stands before the benchmarks. */
@Command(
    name = "bench",
    description = "Measure a part of Millrace.",
    synopsisSubcommandLabel = "BENCHMARK",
    subcommands = {
      AnomalyCommand.class,
      AnomalyJobCommand.class,
      EngineCommand.class,
      GpuCommand.class,
      KvCommand.class,
      PipelineCommand.class,
      PrefixCommand.class,
      SavingsCommand.class,
      SpeculationCommand.class
    })
public final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "say what to measure: millrace bench BENCHMARK");
  }
}
