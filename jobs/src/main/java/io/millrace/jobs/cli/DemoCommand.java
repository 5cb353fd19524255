package io.millrace.jobs.cli;

import io.millrace.jobs.Models;
import io.millrace.jobs.cli.demo.DemoDirectory;
import io.millrace.jobs.cli.demo.DemoOptions;
import io.millrace.jobs.cli.demo.DemoRun;
import io.millrace.jobs.cli.page.LivePage;
import io.millrace.jobs.cli.progress.ProgressPrinter;
import io.millrace.jobs.embedded.Pipeline;
import io.millrace.jobs.report.Report;
import io.millrace.jobs.report.ReportFilter;
import io.millrace.jobs.report.html.HtmlReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code demo}: everything at once, with sample traffic. */
@Command(
    name = "demo",
    description = {
      "Show everything: broker, cluster with its dashboard, the shipped model, sample traffic with"
          + " real duplicates and a cost spike.",
      "All numbers come from the committed topics."
    })
final class DemoCommand implements Callable<Integer> {
  private static final int PARTITIONS = 2;
  private static final int PAGE_TOP = 10;
  private static final Duration SETTLED_MAX = Duration.ofMinutes(3);

  private final Models models;

  @Spec private CommandSpec spec;
  @Mixin private JobSettings settings;
  @Mixin private PageSettings pageSettings;

  @Option(names = "--exit", description = "End when the traffic is answered.")
  private boolean exit;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "75",
      description = "How long the traffic lasts. Default: ${DEFAULT-VALUE}")
  private int seconds;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = ".millrace-data/demo",
      description = "Begun anew by every demo. Default: ${DEFAULT-VALUE}")
  private Path data;

  @Option(
      names = "--metrics-port",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Where a Prometheus reads; docker/prometheus/laptop.yml expects 9249. Default: a free one.")
  private int metricsPort;

  DemoCommand(Models models) {
    this.models = models;
  }

  @Override
  public Integer call() throws Exception {
    if (seconds < 1) {
      throw CommandFailure.wrongUse("--seconds is " + seconds + ", must be at least 1");
    }
    PrintWriter err = spec.commandLine().getErr();
    Path samples = Installation.heldOutMessages();
    DemoDirectory.begin(data);
    LogFile.into(data.resolve("logs"));
    AtomicReference<Runnable> end = new AtomicReference<>(() -> {});
    try (Interrupts interrupts = Interrupts.handledBy(ExitCodes.OK, () -> end.get().run())) {
      err.println("starting broker, cluster and model ...");
      err.flush();
      try (LivePage page = pageSettings.open(0);
          Pipeline pipeline =
              Pipeline.start(
                  new Pipeline.Settings(
                          data,
                          0,
                          0,
                          metricsPort,
                          DemoOptions.of(settings.configuration()),
                          PARTITIONS,
                          Map.of())
                      .withAnomalies()
                      .withLedger(),
                  models);
          DemoRun run = new DemoRun(pipeline, seconds, samples)) {
        end.set(
            () -> {
              print(run, pipeline, page, err);
              pipeline.close();
            });
        page.show(pipeline);
        WhereThingsAre.print(pipeline, page, data, err);
        err.println();
        boolean reconciled = follow(run, pipeline, ProgressPrinter.forConsole(err));
        print(run, pipeline, page, err);
        if (!reconciled) {
          throw CommandFailure.failed(
              "not every prompt was settled exactly once, or the costs do not add up");
        }
        if (!run.inLedger()) {
          throw CommandFailure.failed("the ledger does not hold the rows of the costs topic");
        }
        costReport(pipeline.ledger().orElseThrow(), err);
        if (!exit) {
          err.println("A trickle of traffic goes on; Ctrl-C ends.");
          err.flush();
          trickle(run, pipeline, ProgressPrinter.forConsole(err));
        }
      }
    }
    return ExitCodes.OK;
  }

  private static boolean follow(DemoRun run, Pipeline pipeline, ProgressPrinter progress)
      throws IOException {
    JobWatch watch = new JobWatch(pipeline.job(), progress::message);
    while (!run.trafficOver()) {
      step(run, watch, progress);
    }
    long begin = System.nanoTime();
    while (!run.booked() && System.nanoTime() - begin < SETTLED_MAX.toNanos()) {
      step(run, watch, progress);
    }
    run.compareLedger();
    while (!run.inLedger() && System.nanoTime() - begin < SETTLED_MAX.toNanos()) {
      step(run, watch, progress);
    }
    progress.finish(run.progress());
    return run.reconciled();
  }

  /** Ends only by an interrupt or an exception. */
  private static void trickle(DemoRun run, Pipeline pipeline, ProgressPrinter progress)
      throws IOException {
    JobWatch watch = new JobWatch(pipeline.job(), progress::message);
    run.trickle();
    while (true) {
      step(run, watch, progress);
    }
  }

  private static void step(DemoRun run, JobWatch watch, ProgressPrinter progress)
      throws IOException {
    run.step();
    progress.update(run::progress);
    watch.check();
  }

  /** The same costs, as a page that can be shown around. */
  private void costReport(Path ledger, PrintWriter err) throws IOException {
    Path page = data.toAbsolutePath().normalize().resolve("report.html");
    Report report = LedgerReports.read(ledger, ReportFilter.ALL, null, Instant.now());
    Files.writeString(page, HtmlReport.of(report, PAGE_TOP));
    err.println("report     " + page);
    err.println("           ./millrace report --ledger " + ledger);
    err.flush();
  }

  private void print(DemoRun run, Pipeline pipeline, LivePage page, PrintWriter err) {
    err.println();
    err.flush();
    PrintWriter out = spec.commandLine().getOut();
    run.report().forEach(out::println);
    out.flush();
    err.println();
    WhereThingsAre.print(pipeline, page, data, err);
  }
}
