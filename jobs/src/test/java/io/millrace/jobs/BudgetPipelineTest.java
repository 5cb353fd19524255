package io.millrace.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.millrace.jobs.budget.BudgetOperator;
import io.millrace.jobs.cli.replay.Replay;
import io.millrace.jobs.cli.replay.Replay.Kind;
import io.millrace.jobs.embedded.DataDirectory;
import io.millrace.jobs.embedded.EmbeddedFlink;
import io.millrace.jobs.embedded.EmbeddedFlinkConfig;
import io.millrace.jobs.embedded.EmbeddedKafka;
import io.millrace.jobs.embedded.JobHandle;
import io.millrace.jobs.kafka.KafkaConnection;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.kafka.Topics;
import io.millrace.jobs.testing.FakeModels;
import io.millrace.jobs.testing.TopicRecords;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.PlainJson;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Hundreds of prompts at once on small budgets, through a crash and a restart: nobody spends more
 * than they may, every prompt is answered or told why not, and nothing stays reserved.
 */
class BudgetPipelineTest {
  private static final Duration MAX = Duration.ofMinutes(2);

  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final int PLENTY = 1_000_000;

  /** Tokens of each prompt and of each answer. */
  private static final int TOKENS = 20;

  /** What a step of the fake engine can cost at most; it takes a microsecond. */
  private static final BigDecimal CEILING = new BigDecimal("0.0003");

  private static final BigDecimal BOUND = CEILING.multiply(BigDecimal.valueOf(2 * TOKENS));

  private final Map<String, Integer> sent = new TreeMap<>();
  private Topics topics;
  private TopicRecords records;
  private EmbeddedKafka kafka;
  private EmbeddedFlink flink;

  @Test
  void nobodySpendsMoreThanTheyMay(@TempDir Path directory) throws Exception {
    topics = new Topics("budget.");
    Path file = directory.resolve("budgets.json");
    try (DataDirectory data = DataDirectory.open(directory.resolve("data"));
        EmbeddedKafka broker = EmbeddedKafka.start(data.kafka(), 0);
        EmbeddedFlink cluster =
            EmbeddedFlink.start(EmbeddedFlinkConfig.in(data).withTaskManagers(1, 2))) {
      kafka = broker;
      flink = cluster;
      records = new TopicRecords(kafka.bootstrapServers());
      kafka.topics().create(topics.all().stream().collect(Collectors.toMap(t -> t, t -> 1)));

      // Before there are budgets, and already enough for one of them.
      JobHandle free = submit(null, new FakeModels("budget-none", PLENTY), null);
      send("early", 20);
      awaitSettled();
      String savepoint = free.stopWithSavepoint(data.savepoints(), MAX);

      Files.writeString(
          file,
          """
          {"tenants": {
            "early": {"limit_usd": "0.11", "period": "total", "over": "reject"},
            "waits": {"limit_usd": "0.50", "period": "total"},
            "told": {"limit_usd": "0.10", "period": "total", "over": "reject"},
            "enough": {"limit_usd": "0.70", "period": "month", "over": "defer"}}}
          """);
      FakeModels models = new FakeModels("budget", 30);
      JobHandle job = submit(file, models, savepoint);
      job.awaitRunning(MAX);
      send("waits", 150);
      send("told", 60);
      send("enough", 80);
      send("nobody", 60);
      await(
          "the first answers",
          () -> {
            models.engines().get(0).allow(1);
            return records.committed(topics.responses()).size() >= sent.get("early") + 20;
          });
      flink.terminateTaskManager(0);
      flink.startTaskManager();
      awaitSettled();
      assertThat(job.restarts()).isPositive();
      awaitGauge(BudgetOperator.RESERVED_METRIC);
      awaitGauge(BudgetOperator.DEFERRED_METRIC);

      String page = page(flink.metricsUrl());
      assertThat(page)
          .containsPattern("(?m)^llm_budget_limit_usd\\{tenant=\"waits\",[^}]*} 0\\.5$");
      assertThat(page)
          .as("less than it may spend, and not more than that")
          .containsPattern(
              "(?m)^llm_budget_remaining_usd\\{tenant=\"waits\",[^}]*} 0(\\.[0-4]\\S*)?$");
      Map<String, BigDecimal> spent = spent();
      assertThat(spent.get("waits"))
          .as("all that it may spend, but for less than one more prompt")
          .isLessThanOrEqualTo(new BigDecimal("0.50"))
          .isGreaterThan(new BigDecimal("0.50").subtract(BOUND));
      assertThat(spent.get("told")).isLessThanOrEqualTo(new BigDecimal("0.10"));
      assertThat(spent.get("enough")).isLessThanOrEqualTo(new BigDecimal("0.70"));
      Map<String, Integer> answered = answered();
      assertThat(answered).containsEntry("enough", 80).containsEntry("nobody", 60);

      // What was refused because others held the money can be sent again; the budget still holds.
      long retryable = letters("told", "retryable");
      assertThat(retryable).isPositive();
      assertThat(replay()).isEqualTo(new Replay.Outcome(retryable, 0, 0, 0, 0));
      sent.merge("told", Math.toIntExact(retryable), Integer::sum);
      // The budget that came later knows what was spent before it.
      send("early", 20);
      awaitSettled();
      awaitGauge(BudgetOperator.RESERVED_METRIC);
      assertThat(spent().get("told")).isLessThanOrEqualTo(new BigDecimal("0.10"));
      assertThat(answered()).containsEntry("early", 20);
      assertThat(answered().get("told")).isGreaterThan(answered.get("told"));

      // More money, after a restart.
      savepoint = job.stopWithSavepoint(data.savepoints(), MAX);
      Files.writeString(file, Files.readString(file).replace("0.50", "0.55"));
      int before = answered().get("waits");
      JobHandle again = submit(file, new FakeModels("budget-more", PLENTY), savepoint);
      send("waits", 30);
      awaitSettled();
      awaitGauge(BudgetOperator.RESERVED_METRIC);
      assertThat(answered().get("waits")).isGreaterThan(before);
      assertThat(spent().get("waits"))
          .isLessThanOrEqualTo(new BigDecimal("0.55"))
          .isGreaterThan(new BigDecimal("0.55").subtract(BOUND));
      again.cancel(MAX);
    }
  }

  private JobHandle submit(Path budgets, FakeModels models, String savepoint) {
    ModelOptions model = new ModelOptions("default");
    Configuration options =
        new Configuration()
            .set(MillraceOptions.KAFKA_BOOTSTRAP, kafka.bootstrapServers())
            .set(MillraceOptions.TOPIC_PREFIX, topics.prefix())
            .set(MillraceOptions.TRANSACTION_PREFIX, topics.prefix())
            .set(model.deviceHourUsd, "1000000");
    if (budgets != null) {
      options.set(BudgetOptions.FILE, budgets.toString());
      options.set(model.ceilingUsdPerToken, CEILING.toPlainString());
    }
    StreamExecutionEnvironment env = flink.environment("budget");
    KafkaEndpoints endpoints = new KafkaEndpoints(options);
    InferenceJob.define(
        env, endpoints.prompts(), endpoints.budgetCosts(), endpoints.sinks(), options, models);
    return savepoint == null ? flink.submit(env) : flink.resumeFrom(env, savepoint);
  }

  /** Sends prompts that no other is equal to. */
  private void send(String tenant, int count) throws Exception {
    List<ProducerRecord<byte[], byte[]>> prompts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int number = sent.merge(tenant, 1, Integer::sum);
      String text = (tenant + "-" + number + "x".repeat(TOKENS)).substring(0, TOKENS);
      ProducerRecord<byte[], byte[]> prompt =
          new ProducerRecord<>(
              topics.prompts(),
              ("{\"max_tokens\":"
                      + TOKENS
                      + ",\"messages\":[{\"role\":\"user\",\"content\":\""
                      + text
                      + "\"}]}")
                  .getBytes(UTF_8));
      prompt.headers().add("tenant", tenant.getBytes(UTF_8));
      prompts.add(prompt);
    }
    records.send(prompts);
  }

  private Replay.Outcome replay() throws Exception {
    try (Replay replay =
        new Replay(
            KafkaConnection.plaintext(kafka.bootstrapServers()),
            topics.deadLetters(),
            topics.prompts(),
            Kind.RETRYABLE,
            3,
            false,
            () -> 0)) {
      return replay.run(line -> {});
    }
  }

  /** Waits until every prompt has its answer or its dead letter; each must have only one. */
  private void awaitSettled() {
    int all = sent.values().stream().mapToInt(Integer::intValue).sum();
    await(
        all + " prompts settled",
        () ->
            records.committed(topics.responses()).size()
                    + records.committed(topics.deadLetters()).size()
                >= all);
    List<String> settled = new ArrayList<>();
    records
        .committed(topics.responses())
        .forEach(record -> settled.add(header(record, "millrace.request-id")));
    records
        .committed(topics.deadLetters())
        .forEach(
            record ->
                settled.add(topics.prompts() + "-0-" + header(record, "__connect.errors.offset")));
    assertThat(settled).hasSize(all).doesNotHaveDuplicates();
    assertThat(records.committed(topics.deadLetters()))
        .allMatch(
            letter ->
                header(letter, "__connect.errors.exception.class.name").equals("budget_exceeded"));
  }

  private Map<String, BigDecimal> spent() throws Exception {
    Map<String, BigDecimal> spent = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> record : records.committed(topics.costs())) {
      CostEvent row = PlainJson.read(record.value(), CostEvent.class);
      if (row.getTenant() != null) {
        spent.merge(row.getTenant(), row.getTotalUsd(), BigDecimal::add);
      }
    }
    return spent;
  }

  private Map<String, Integer> answered() {
    Map<String, Integer> answered = new TreeMap<>();
    records
        .committed(topics.responses())
        .forEach(record -> answered.merge(header(record, "millrace.tenant"), 1, Integer::sum));
    return answered;
  }

  private long letters(String tenant, String kind) {
    return records.committed(topics.deadLetters()).stream()
        .filter(letter -> header(letter, "tenant").equals(tenant))
        .filter(letter -> header(letter, "millrace.error.kind").equals(kind))
        .count();
  }

  /** Waits until a gauge is there and 0. */
  private void awaitGauge(String name) {
    Pattern zero = Pattern.compile("(?m)^\\S*_" + name + "\\{[^}]*} 0(\\.0)?$");
    await(
        name + " = 0",
        () -> {
          try {
            return zero.matcher(page(flink.flinkMetricsUrl())).find();
          } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private static String page(String url) throws IOException, InterruptedException {
    URI uri = URI.create(url);
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private static void await(String what, BooleanSupplier condition) {
    long begin = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - begin > MAX.toNanos()) {
        fail("not in time: %s", what);
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? null : new String(header.value(), UTF_8);
  }
}
