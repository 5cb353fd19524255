package io.millrace.jobs.cli.bench;

import io.millrace.jobs.generate.GenerateOperator;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Reads what the generate vertices say of themselves, where Prometheus would. */
final class GenerateGauges {
  private static final Duration ANSWER_MAX = Duration.ofMinutes(1);
  private static final String OPERATOR = "flink_taskmanager_job_task_operator_";
  private static final String VERTEX = "operator_name=\"generate:";

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(ANSWER_MAX).build();
  private final URI metrics;

  /** As of one moment, summed over all subtasks. */
  record Load(long backlogPrompts, long promptsRead) {}

  GenerateGauges(String metricsUrl) {
    this.metrics = URI.create(metricsUrl);
  }

  Load read() throws IOException, InterruptedException {
    HttpResponse<String> response =
        http.send(
            HttpRequest.newBuilder(metrics).timeout(ANSWER_MAX).build(),
            HttpResponse.BodyHandlers.ofString());
    return new Load(
        sum(response.body(), GenerateOperator.BACKLOG_METRIC),
        sum(response.body(), "numRecordsIn"));
  }

  static long sum(String text, String metric) {
    return text.lines()
        .filter(line -> line.startsWith(OPERATOR + metric + "{") && line.contains(VERTEX))
        .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }
}
