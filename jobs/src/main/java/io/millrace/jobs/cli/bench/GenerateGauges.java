package io.millrace.jobs.cli.bench;

import io.millrace.jobs.generate.GenerateOperator;
import java.io.IOException;

/** How much work the generate vertices have. */
final class GenerateGauges {
  private static final String VERTEX = "generate:";

  private final OperatorMetrics metrics;

  /** As of one moment, summed over all subtasks. */
  record Load(long backlogPrompts, long promptsRead) {}

  GenerateGauges(String flinkMetricsUrl) {
    this.metrics = new OperatorMetrics(flinkMetricsUrl);
  }

  Load read() throws IOException, InterruptedException {
    OperatorMetrics.Snapshot now = metrics.read();
    return new Load(
        now.sum(VERTEX, GenerateOperator.BACKLOG_METRIC), now.sum(VERTEX, "numRecordsIn"));
  }
}
