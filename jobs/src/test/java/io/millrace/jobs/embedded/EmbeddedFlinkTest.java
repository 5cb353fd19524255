package io.millrace.jobs.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Two TaskManagers and a broker, shared by all tests; each has its own job and topics. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EmbeddedFlinkTest {

  private static final Duration MAX = Duration.ofSeconds(60);
  private static final int WORDS = 10;

  private DataDirectory data;
  private EmbeddedKafka kafka;
  private EmbeddedFlink flink;

  @BeforeAll
  void start(@TempDir Path directory) {
    data = DataDirectory.open(directory);
    kafka = EmbeddedKafka.start(data.kafka(), 0);
    flink = EmbeddedFlink.start(EmbeddedFlinkConfig.in(data).withTaskManagers(2, 4));
  }

  @AfterAll
  void stop() {
    flink.close();
    kafka.close();
    data.close();
  }

  @Test
  void goesOnFromNewestCheckpointAndFromSavepoint() {
    JobHandle first = flink.resume(counting("resumed")); // nothing to resume: begins empty
    produce("resumed-in", 0, 100);
    first.awaitRunning(MAX);
    first.awaitCheckpoints(2, MAX);
    first.cancel(MAX);
    assertThat(first.status()).isEqualTo(JobStatus.CANCELED);
    Path newest = flink.newestCheckpoint("resumed").orElseThrow();
    assertThat(newest.getParent().getFileName()).hasToString(first.id().toString());

    produce("resumed-in", 100, 200);
    JobHandle second = flink.resume(counting("resumed"));
    second.awaitRunning(MAX);
    second.awaitCheckpoints(1, MAX);
    String savepoint = second.stopWithSavepoint(data.savepoints(), MAX);
    assertThat(second.waitFor(MAX)).isEmpty(); // this job has no accumulators

    produce("resumed-in", 200, 300);
    JobHandle third = flink.resumeFrom(counting("resumed"), savepoint);
    third.awaitRunning(MAX);
    third.awaitCheckpoints(1, MAX);
    third.stopWithSavepoint(data.savepoints(), MAX);

    assertThat(committed("resumed-out")).containsExactlyInAnyOrderElementsOf(expected(300));
  }

  @Test
  void countsExactlyOnceThoughTaskManagersEnd() {
    JobHandle job = flink.submit(counting("broken"));
    produce("broken-in", 0, 100);
    job.awaitRunning(MAX);
    job.awaitCheckpoints(1, MAX);

    produce("broken-in", 100, 200);
    flink.terminateTaskManager(0);
    flink.startTaskManager();
    produce("broken-in", 200, 300);
    job.awaitRunning(MAX);
    job.awaitCheckpoints(1, MAX);
    flink.terminateTaskManager(1); // one of the two must have run the job
    flink.startTaskManager();
    produce("broken-in", 300, 400);
    job.awaitRunning(MAX);
    job.awaitCheckpoints(1, MAX);

    assertThat(job.restarts()).isPositive();
    assertThat(job.failure()).isPresent();
    job.stopWithSavepoint(data.savepoints(), MAX);
    assertThat(committed("broken-out")).containsExactlyInAnyOrderElementsOf(expected(400));
  }

  @Test
  void dashboardAndMetricsShowTheJob() throws Exception {
    JobHandle job = flink.submit(counting("shown"));
    job.awaitRunning(MAX);

    assertThat(flink.dashboardUrl()).startsWith("http://127.0.0.1:");
    assertThat(get(flink.dashboardUrl()).body()).contains("Apache Flink Web Dashboard");
    assertThat(get(flink.dashboardUrl() + "/jobs/" + job.id()).body())
        .contains("\"name\":\"shown\"", "words", "count");
    assertThat(get(flink.dashboardUrl() + "/jars").statusCode()).isEqualTo(404);

    assertThat(get(flink.flinkMetricsUrl()).body())
        .containsPattern("(?m)^flink_jobmanager_numRunningJobs\\{.*} [1-9]")
        .containsPattern("(?m)^flink_taskmanager_job_task_numRecordsIn\\{.*job_name=\"shown\"");
    job.cancel(MAX);
  }

  @Test
  void listensOnLoopbackOnly() throws IOException {
    List<ListeningSockets.Socket> sockets = ListeningSockets.ofThisProcess();
    assertThat(sockets)
        .extracting(ListeningSockets.Socket::port)
        .contains(kafka.port(), flink.metricsPort(), URI.create(flink.dashboardUrl()).getPort());
    assertThat(sockets).allMatch(ListeningSockets.Socket::isLoopback);
  }

  @Test
  void failureOfTheUsersCodeEndsTheJobWithItsCause() {
    StreamExecutionEnvironment env = flink.environment("failing");
    env.configure(new Configuration().set(RestartStrategyOptions.RESTART_STRATEGY, "none"));
    env.fromData(1, 0)
        .uid("numbers")
        .map(divisor -> 1 / divisor)
        .uid("divide")
        .sinkTo(new DiscardingSink<>())
        .uid("nowhere");
    JobHandle job = flink.submit(env);
    assertThatThrownBy(() -> job.waitFor(MAX))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("job failing ended: FAILED")
        .hasStackTraceContaining("/ by zero");
  }

  @Test
  void jobNamesAreChecked() {
    assertThatThrownBy(() -> flink.environment("../escape"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("../escape");
  }

  private StreamExecutionEnvironment counting(String name) {
    kafka.topics().create(Map.of(name + "-in", 2, name + "-out", 2));
    StreamExecutionEnvironment env = flink.environment(name);
    CountingJob.define(env, kafka.bootstrapServers(), name + "-in", name + "-out");
    return env;
  }

  private void produce(String topic, int from, int to) {
    List<String> words = new ArrayList<>();
    for (int i = from; i < to; i++) {
      words.add("w" + i % WORDS);
    }
    KafkaClients.produce(kafka.bootstrapServers(), topic, words);
  }

  private List<String> committed(String topic) {
    return KafkaClients.committed(kafka.bootstrapServers(), topic);
  }

  private static List<String> expected(int records) {
    List<String> pairs = new ArrayList<>();
    for (int i = 0; i < records; i++) {
      pairs.add("w" + i % WORDS + ":" + (i / WORDS + 1));
    }
    return pairs;
  }

  private static HttpResponse<String> get(String url) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).timeout(MAX).build();
    return HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
  }
}
