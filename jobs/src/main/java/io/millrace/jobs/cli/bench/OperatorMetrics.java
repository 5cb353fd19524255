package io.millrace.jobs.cli.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Reads what operators say of themselves, where Prometheus would. */
final class OperatorMetrics {
  private static final Duration ANSWER_MAX = Duration.ofMinutes(1);
  private static final String OPERATOR = "flink_taskmanager_job_task_operator_";

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(ANSWER_MAX).build();
  private final URI page;

  /** All metrics as of one moment, in Prometheus' text. */
  record Snapshot(String text) {

    /**
     * The sum of a metric over all subtasks of all operators whose names start so; 0 without any.
     */
    long sum(String operator, String metric) {
      String name = "operator_name=\"" + operator;
      return text.lines()
          .filter(line -> line.startsWith(OPERATOR + metric + "{") && line.contains(name))
          .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
          .sum();
    }
  }

  OperatorMetrics(String flinkMetricsUrl) {
    this.page = URI.create(flinkMetricsUrl);
  }

  Snapshot read() throws IOException, InterruptedException {
    return new Snapshot(
        http.send(
                HttpRequest.newBuilder(page).timeout(ANSWER_MAX).build(),
                HttpResponse.BodyHandlers.ofString())
            .body());
  }
}
