package io.millrace.jobs.cli;

import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.MillraceOptions.TokenEvents;
import io.millrace.jobs.Models;
import io.millrace.jobs.cli.page.LivePage;
import io.millrace.jobs.embedded.Pipeline;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.flink.configuration.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code up}: the embedded pipeline until Ctrl-C. */
@Command(
    name = "up",
    description = {
      "Run broker, cluster, inference job, anomaly job and ledger job until Ctrl-C.",
      "A new start over the same data goes on from where the last one was."
    })
final class UpCommand implements Callable<Integer> {
  private static final int PARTITIONS = 4;
  private static final int PAGE_PORT = 8080;

  private final Models models;

  @Spec private CommandSpec spec;
  @Mixin private JobSettings settings;
  @Mixin private PageSettings pageSettings;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = ".millrace-data",
      description = "Keeps topics, checkpoints and logs. Default: ${DEFAULT-VALUE}")
  private Path data;

  @Option(
      names = "--kafka-port",
      paramLabel = "N",
      defaultValue = "9092",
      description = "Default: ${DEFAULT-VALUE}; 0 takes a free one.")
  private int kafkaPort;

  @Option(
      names = "--dashboard-port",
      paramLabel = "N",
      defaultValue = "8081",
      description = "Default: ${DEFAULT-VALUE}; 0 takes a free one.")
  private int dashboardPort;

  @Option(
      names = "--metrics-port",
      paramLabel = "N",
      defaultValue = "9249",
      description = "Default: ${DEFAULT-VALUE}; 0 takes a free one.")
  private int metricsPort;

  @Option(
      names = "--tokens",
      paramLabel = "off|token|step",
      description = "Events on the tokens topic. Default: off")
  private TokenEvents tokens;

  UpCommand(Models models) {
    this.models = models;
  }

  @Override
  public Integer call() throws Exception {
    LogFile.into(data.resolve("logs"));
    PrintWriter err = spec.commandLine().getErr();
    Configuration options = settings.configuration();
    if (tokens != null) {
      options.set(MillraceOptions.TOKEN_EVENTS, tokens);
    }
    AtomicReference<Pipeline> pipeline = new AtomicReference<>();
    try (Interrupts interrupts =
        Interrupts.handledBy(ExitCodes.OK, () -> stop(pipeline.get(), err))) {
      err.println("starting ...");
      err.flush();
      try (LivePage page = pageSettings.open(PAGE_PORT);
          Pipeline started =
              Pipeline.start(
                  new Pipeline.Settings(
                          data,
                          kafkaPort,
                          dashboardPort,
                          metricsPort,
                          options,
                          PARTITIONS,
                          Map.of())
                      .withAnomalies()
                      .withLedger(),
                  models);
          LedgerUpkeep upkeep = LedgerUpkeep.start(started.ledger().orElseThrow())) {
        pipeline.set(started);
        page.show(started);
        WhereThingsAre.print(started, page, data, err);
        err.println("Ctrl-C stops; the next start goes on from here.");
        err.flush();
        watch(started, err);
      }
    }
    return ExitCodes.OK;
  }

  /** Returns only by an exception: when the job has ended by itself. */
  private static void watch(Pipeline pipeline, PrintWriter err) throws InterruptedException {
    JobWatch watch =
        new JobWatch(
            pipeline.job(),
            line -> {
              err.println(line);
              err.flush();
            });
    CountDownLatch never = new CountDownLatch(1);
    while (!never.await(5, TimeUnit.SECONDS)) {
      watch.check();
    }
  }

  private static void stop(Pipeline pipeline, PrintWriter err) {
    err.println("stopping ...");
    err.flush();
    if (pipeline != null) {
      pipeline.close();
    }
    err.println("stopped");
    err.flush();
  }
}
