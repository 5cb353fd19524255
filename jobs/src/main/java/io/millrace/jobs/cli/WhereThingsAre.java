package io.millrace.jobs.cli;

import io.millrace.jobs.cli.page.LivePage;
import io.millrace.jobs.embedded.Pipeline;
import java.io.PrintWriter;
import java.nio.file.Path;

/** The addresses of a running pipeline. */
final class WhereThingsAre {
  private WhereThingsAre() {}

  static void print(Pipeline pipeline, LivePage page, Path data, PrintWriter err) {
    err.println("page       " + page.url());
    err.println("Kafka      " + pipeline.bootstrapServers());
    err.println(
        "topics     "
            + String.join(", ", pipeline.topics().all())
            + pipeline.anomalyJob().map(job -> ", " + pipeline.topics().anomalies()).orElse(""));
    err.println("dashboard  " + pipeline.dashboardUrl());
    err.println(
        "metrics    " + pipeline.metricsUrl() + "  (Flink's: " + pipeline.flinkMetricsUrl() + ")");
    err.println("data       " + data.toAbsolutePath().normalize());
    pipeline.ledger().ifPresent(ledger -> err.println("ledger     " + ledger));
    LogFile.current().ifPresent(file -> err.println("log        " + file));
    err.flush();
  }
}
