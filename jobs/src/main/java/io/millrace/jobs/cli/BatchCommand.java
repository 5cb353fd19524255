package io.millrace.jobs.cli;

import io.millrace.jobs.Models;
import io.millrace.jobs.cli.batch.Batch;
import io.millrace.jobs.cli.batch.BatchFiles;
import io.millrace.jobs.cli.batch.BatchRun;
import io.millrace.jobs.cli.events.Tally;
import io.millrace.jobs.cli.progress.Format;
import io.millrace.jobs.cli.progress.ProgressPrinter;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code batch}: an OpenAI batch file to its end. */
@Command(
    name = "batch",
    description = {
      "Answer an OpenAI batch file.",
      "Run again after an interruption, it goes on. The answers appear when all are there: every"
          + " line of the input is then in the output or in the errors."
    })
final class BatchCommand implements Callable<Integer> {
  private final Models models;

  @Spec private CommandSpec spec;
  @Mixin private JobSettings settings;

  @Option(
      names = "--input",
      required = true,
      paramLabel = "IN.jsonl",
      description = "OpenAI batch lines; the bodies alone will do.")
  private Path input;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "OUT.jsonl",
      description = "Gets the answers, in the input's order.")
  private Path output;

  @Option(
      names = "--errors",
      paramLabel = "ERR.jsonl",
      description =
          "Gets the lines without an answer, and why; not written if there are none. Default:"
              + " OUT.errors.jsonl")
  private Path errors;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Keeps what an interrupted batch goes on with; removed at the end. Default:"
              + " OUT.jsonl.millrace")
  private Path data;

  @Option(names = "--overwrite", description = "Replace results that are there.")
  private boolean overwrite;

  BatchCommand(Models models) {
    this.models = models;
  }

  @Override
  public Integer call() throws Exception {
    BatchFiles files = BatchFiles.of(input, output, errors, data);
    LogFile.into(files.folder().resolve("logs"));
    PrintWriter err = spec.commandLine().getErr();
    ProgressPrinter progress = ProgressPrinter.forConsole(err);
    AtomicReference<BatchRun> run = new AtomicReference<>();
    Optional<BatchRun.Summary> summary;
    try (Interrupts interrupts =
        Interrupts.handledBy(
            ExitCodes.INTERRUPTED,
            () -> {
              progress.message("interrupted; the same command goes on from here");
              Optional.ofNullable(run.get()).ifPresent(BatchRun::close);
            })) {
      summary =
          new Batch(files, settings.configuration(), models)
              .run(
                  overwrite,
                  progress,
                  started -> {
                    run.set(started);
                    progress.message("dashboard: " + started.pipeline().dashboardUrl());
                  });
    }
    summary.ifPresentOrElse(
        s -> print(s, files, err), () -> err.println("an earlier run had answered every line"));
    err.flush();
    return ExitCodes.OK;
  }

  private static void print(BatchRun.Summary summary, BatchFiles files, PrintWriter err) {
    Tally all = summary.all();
    long tokens = summary.thisRun().generatedTokens();
    err.printf("answers      %s  in %s%n", Format.count(all.answers()), files.output());
    err.printf(
        "errors       %s%s%n",
        Format.count(all.errors()), all.errors() == 0 ? "" : "  in " + files.errors());
    err.printf(
        "from cache   %s  (%s hits, %s coalesced)%n",
        Format.count(all.hits() + all.coalesced()),
        Format.count(all.hits()),
        Format.count(all.coalesced()));
    err.printf(
        "tokens       %s generated, %s of prompts computed%n",
        Format.count(all.generatedTokens()), Format.count(all.promptTokens()));
    err.printf("tokens/s     %s%n", Format.rate(tokens / Math.max(1e-9, summary.seconds())));
    err.printf("cost         %s%n", Format.usd(all.costUsd(), all.unpriced()));
    err.printf("saved        %s%n", Format.usd(all.savedUsd(), all.unpricedSavings()));
    err.printf("time         %s%n", Format.duration(Math.round(summary.seconds())));
  }
}
