package io.millrace.jobs;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.embedded.DataDirectory;
import io.millrace.jobs.embedded.EmbeddedFlink;
import io.millrace.jobs.embedded.EmbeddedFlinkConfig;
import io.millrace.jobs.embedded.JobHandle;
import io.millrace.jobs.embedded.SecureKafka;
import io.millrace.jobs.kafka.KafkaAccess;
import io.millrace.jobs.kafka.KafkaConnection;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.kafka.Topics;
import io.millrace.jobs.testing.CapturedLog;
import io.millrace.jobs.testing.FakeModels;
import io.millrace.jobs.testing.TopicRecords;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The job on a broker with TLS, SCRAM and ACLs: it needs the rights that docs/OPERATIONS.md names
 * and no others, is told what it is denied, and leaves its password nowhere.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecureKafkaJobTest {
  private static final Duration MAX = Duration.ofMinutes(2);
  private static final Topics TOPICS = new Topics("millrace.");

  /** The job; a client of it; one who may not use transactions; one who may nothing. */
  private static final String JOB = "job";

  private static final String CLIENT = "client";
  private static final String READER = "reader";
  private static final String STRANGER = "stranger";

  /** The anomaly job. */
  private static final String WATCHER = "watcher";

  private Path directory;
  private SecureKafka kafka;

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    this.directory = directory;
    kafka = SecureKafka.start(directory, JOB, CLIENT, READER, STRANGER, WATCHER);
    kafka.createTopics(TOPICS.all());
    for (String user : List.of(JOB, READER)) {
      kafka.allow(
          user, ResourceType.TOPIC, TOPICS.prompts(), PatternType.LITERAL, AclOperation.READ);
      for (String topic : TOPICS.all()) {
        if (!topic.equals(TOPICS.prompts())) {
          kafka.allow(
              user,
              ResourceType.TOPIC,
              topic,
              PatternType.LITERAL,
              AclOperation.READ,
              AclOperation.WRITE);
        }
      }
    }
    kafka.allow(JOB, ResourceType.GROUP, "millrace", PatternType.LITERAL, AclOperation.READ);
    kafka.allow(
        JOB, ResourceType.TRANSACTIONAL_ID, "millrace-", PatternType.PREFIXED, AclOperation.WRITE);
    kafka.allow(
        CLIENT, ResourceType.TOPIC, TOPICS.prompts(), PatternType.LITERAL, AclOperation.WRITE);
    kafka.allow(
        CLIENT, ResourceType.TOPIC, TOPICS.responses(), PatternType.LITERAL, AclOperation.READ);
  }

  @AfterAll
  void stop() {
    kafka.close();
  }

  @Test
  void answersWithTheRightsItNeedsAndLeavesItsPasswordNowhere() throws Exception {
    Path file = kafka.fileWithPassword(JOB, kafka.password(JOB));
    Configuration options = options(file);
    StringBuilder pages = new StringBuilder();
    byte[] graph;
    String log;
    try (CapturedLog captured = CapturedLog.of("", "org.apache.kafka", "org.apache.flink");
        DataDirectory data = DataDirectory.open(directory.resolve("data"));
        EmbeddedFlink flink =
            EmbeddedFlink.start(EmbeddedFlinkConfig.in(data).withTaskManagers(1, 4))) {
      KafkaAccess.require(options);
      MillraceOptions.describe(options).forEach(line -> captured.logger().info(line));
      graph = graph(environment(flink, options));
      JobHandle job = flink.submit(environment(flink, options));
      TopicRecords records =
          new TopicRecords(KafkaConnection.of(kafka.bootstrapServers(), kafka.file(CLIENT)));
      records.send(
          List.of(
              new ProducerRecord<>(
                  TOPICS.prompts(),
                  "{\"messages\":[{\"role\":\"user\",\"content\":\"in secret\"}]}"
                      .getBytes(UTF_8))));
      assertThat(new String(records.await(TOPICS.responses(), 1).get(0).value(), UTF_8))
          .contains("IN SECRET");
      job.awaitCheckpoints(1, MAX);
      for (String page : pages(flink.dashboardUrl(), job.id().toString())) {
        pages.append(get(page)).append('\n');
      }
      job.stopWithSavepoint(data.savepoints(), MAX);
      log = captured.text();
    }

    String password = kafka.password(JOB);
    assertThat(log)
        .contains("sasl.jaas.config = [hidden]", "millrace.kafka.config = " + file)
        .doesNotContain(password);
    assertThat(pages).contains("generate: default").doesNotContain(password);
    assertThat(new String(graph, ISO_8859_1))
        .contains("sasl.jaas.config", "${connection-file:" + file)
        .doesNotContain(password);
    assertThat(contents(directory.resolve("data/savepoints"), ""))
        .contains(TOPICS.prompts())
        .doesNotContain(password);
    assertThat(contents(directory.resolve("data/checkpoints"), "")).doesNotContain(password);
    // Every event of every topic.
    assertThat(contents(directory.resolve("kafka"), ".log"))
        .contains("in secret", "IN SECRET")
        .doesNotContain(password);
  }

  @Test
  void whatIsDeniedIsOneLineBeforeTheJobStarts() throws Exception {
    assertThatCode(() -> KafkaAccess.require(options(kafka.file(JOB).orElseThrow())))
        .doesNotThrowAnyException();
    assertDenied(
        READER, "does not allow this user to WRITE transactional ids that start with millrace");
    assertDenied(
        STRANGER,
        "does not allow this user to DESCRIBE topic millrace.prompts, to DESCRIBE topic"
            + " millrace.responses, to DESCRIBE topic millrace.tokens, to DESCRIBE topic"
            + " millrace.costs, to DESCRIBE topic millrace.dead-letters, to WRITE transactional"
            + " ids that start with millrace");
    assertDenied(
        CLIENT,
        "does not allow this user to READ topic millrace.prompts, to WRITE topic"
            + " millrace.responses, to DESCRIBE topic millrace.tokens, to DESCRIBE topic"
            + " millrace.costs, to DESCRIBE topic millrace.dead-letters, to WRITE transactional"
            + " ids that start with millrace");

    Path wrong = kafka.fileWithPassword(STRANGER, "guessed");
    assertThatThrownBy(() -> KafkaAccess.require(options(wrong)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Kafka at " + kafka.bootstrapServers() + " refuses the login: ")
        .hasMessageNotContaining("guessed");

    Configuration elsewhere = options(kafka.file("broker").orElseThrow());
    elsewhere.set(MillraceOptions.TOPIC_PREFIX, "misspelt.");
    assertThatThrownBy(() -> KafkaAccess.require(elsewhere))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no topic misspelt.prompts at " + kafka.bootstrapServers());
  }

  @Test
  void theOtherJobsAreToldWhatTheyAreDenied() throws Exception {
    Configuration job = options(kafka.file(JOB).orElseThrow());
    assertThatCode(() -> KafkaAccess.requireForLedger(job)).doesNotThrowAnyException();
    assertThatThrownBy(() -> KafkaAccess.requireForAnomalies(job)) // has no right to the topic
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Kafka at "
                + kafka.bootstrapServers()
                + " does not allow this user to DESCRIBE topic millrace.anomalies");
    assertThatCode(() -> KafkaAccess.requireForAnomalies(options(watcher())))
        .doesNotThrowAnyException();
    Configuration stranger = options(kafka.file(STRANGER).orElseThrow());
    assertThatThrownBy(() -> KafkaAccess.requireForLedger(stranger))
        .hasMessageEndingWith(" does not allow this user to DESCRIBE topic millrace.costs");
    assertThatThrownBy(() -> KafkaAccess.requireForAnomalies(stranger))
        .hasMessageEndingWith(
            " does not allow this user to DESCRIBE topic millrace.costs, to DESCRIBE topic"
                + " millrace.anomalies, to WRITE transactional ids that start with millrace");
  }

  /** A user with the anomaly job's rights and no others. */
  private Path watcher() throws Exception {
    kafka.createTopics(List.of(TOPICS.anomalies()));
    kafka.allow(
        WATCHER, ResourceType.TOPIC, TOPICS.costs(), PatternType.LITERAL, AclOperation.READ);
    kafka.allow(
        WATCHER,
        ResourceType.TOPIC,
        TOPICS.anomalies(),
        PatternType.LITERAL,
        AclOperation.READ,
        AclOperation.WRITE);
    kafka.allow(
        WATCHER,
        ResourceType.TRANSACTIONAL_ID,
        "millrace-",
        PatternType.PREFIXED,
        AclOperation.WRITE);
    return kafka.file(WATCHER).orElseThrow();
  }

  @Test
  void brokersThatDoNotAnswerAreLeftToTheJob() throws Exception {
    Configuration options = options(kafka.file(JOB).orElseThrow());
    options.set(MillraceOptions.KAFKA_BOOTSTRAP, "127.0.0.1:1");
    try (CapturedLog log = CapturedLog.of("io.millrace")) {
      assertThatCode(() -> KafkaAccess.require(options, Duration.ofSeconds(1)))
          .doesNotThrowAnyException();
      assertThat(log.text()).contains("127.0.0.1:1 does not tell whether the job may work");
    }
  }

  private void assertDenied(String user, String what) throws IOException {
    Configuration options = options(kafka.file(user).orElseThrow());
    assertThatThrownBy(() -> KafkaAccess.require(options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Kafka at " + kafka.bootstrapServers() + " " + what);
  }

  private Configuration options(Path file) {
    return new Configuration()
        .set(MillraceOptions.KAFKA_BOOTSTRAP, kafka.bootstrapServers())
        .set(MillraceOptions.KAFKA_CONFIG, file.toString());
  }

  private static StreamExecutionEnvironment environment(
      EmbeddedFlink flink, Configuration options) {
    StreamExecutionEnvironment env = flink.environment("secure");
    KafkaEndpoints endpoints = new KafkaEndpoints(options);
    InferenceJob.define(
        env,
        endpoints.prompts(),
        endpoints.sinks(),
        options,
        new FakeModels("secure", Integer.MAX_VALUE / 2));
    return env;
  }

  /** What is sent to the cluster and kept by it for a restart. */
  private static byte[] graph(StreamExecutionEnvironment env) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(env.getStreamGraph().getJobGraph());
    }
    return bytes.toByteArray();
  }

  private static List<String> pages(String dashboard, String job) {
    return Stream.of(
            "/config",
            "/jobs/overview",
            "/jobs/" + job,
            "/jobs/" + job + "/config",
            "/jobs/" + job + "/plan",
            "/jobs/" + job + "/exceptions",
            "/jobs/" + job + "/checkpoints",
            "/jobs/" + job + "/checkpoints/config",
            "/jobs/" + job + "/jobmanager/config",
            "/jobmanager/config",
            "/jobmanager/environment",
            "/jobmanager/thread-dump",
            "/taskmanagers")
        .map(path -> dashboard + path)
        .toList();
  }

  private static String get(String url) throws IOException, InterruptedException {
    HttpResponse<String> response =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(url)).build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(url).isEqualTo(200);
    return response.body();
  }

  private static String contents(Path tree, String suffix) throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> all = Files.walk(tree)) {
      all.filter(file -> Files.isRegularFile(file) && file.toString().endsWith(suffix))
          .forEach(files::add);
    }
    StringBuilder text = new StringBuilder();
    for (Path file : files) {
      text.append(new String(Files.readAllBytes(file), ISO_8859_1)).append('\n');
    }
    return text.toString();
  }
}
