package io.millrace.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Locale.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.engine.backend.BackendKind;
import io.millrace.jobs.MillraceOptions.RecordFormat;
import io.millrace.jobs.MillraceOptions.TokenEvents;
import io.millrace.jobs.embedded.DataDirectory;
import io.millrace.jobs.embedded.EmbeddedFlink;
import io.millrace.jobs.embedded.EmbeddedFlinkConfig;
import io.millrace.jobs.embedded.EmbeddedKafka;
import io.millrace.jobs.embedded.JobHandle;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.kafka.Topics;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.jobs.testing.FakeModels;
import io.millrace.jobs.testing.Kcat;
import io.millrace.jobs.testing.Messages;
import io.millrace.jobs.testing.Promtool;
import io.millrace.jobs.testing.TopicRecords;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.PlainJson;
import io.millrace.schemas.Prompt;
import io.millrace.schemas.RequestStatus;
import io.millrace.schemas.Response;
import io.millrace.schemas.TokenEvent;
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
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobgraph.JobVertex;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** The whole job on a real broker and a real cluster; only the model is a fake. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class InferenceJobTest {
  private static final Duration MAX = Duration.ofSeconds(60);
  private static final int PLENTY = 1_000_000;

  private DataDirectory data;
  private EmbeddedKafka kafka;
  private EmbeddedFlink flink;
  private TopicRecords records;

  @BeforeAll
  void start(@TempDir Path directory) {
    data = DataDirectory.open(directory);
    kafka = EmbeddedKafka.start(data.kafka(), 0);
    flink = EmbeddedFlink.start(EmbeddedFlinkConfig.in(data).withTaskManagers(1, 4));
    records = new TopicRecords(kafka.bootstrapServers());
  }

  @AfterAll
  void stop() {
    flink.close();
    kafka.close();
    data.close();
  }

  @Test
  void servesClientsOfOtherLanguages() throws Exception {
    assumeTrue(Kcat.isInstalled(), "skipped: needs kcat");
    Topics topics = topics("kcat.");
    JobHandle job = submit("kcat", options(topics), new FakeModels("kcat", PLENTY));
    Kcat kcat = new Kcat(kafka.bootstrapServers());
    kcat.produce(topics.prompts(), new String(json("from elsewhere"), UTF_8));
    records.await(topics.responses(), 1);
    job.stopWithSavepoint(data.savepoints(), MAX);

    JsonNode response = new ObjectMapper().readTree(kcat.readCommitted(topics.responses()));
    assertThat(content(response)).isEqualTo("FROM ELSEWHERE");
    assertThat(response.at("/millrace/cached").textValue()).isEqualTo("none");
  }

  @Test
  void answersWhatComesAndBuriesWhatCannotBeAnswered() throws Exception {
    Topics topics = topics("flow.");
    Configuration options = options(topics);
    FakeModels models = new FakeModels("flow", PLENTY);
    JobHandle job = submit("flow", options, models);
    byte[] avro =
        new AvroCodec<>(Prompt.class)
            .encode(
                Prompt.newBuilder()
                    .setTenant("acme")
                    .setMessages(List.of(Messages.of("user", "from avro")))
                    .build());
    byte[] key = {7, (byte) 0xff};
    byte[] garbage = {(byte) 0xfe, 1, 2};
    ProducerRecord<byte[], byte[]> withTenant = prompt(topics, key, json("hello"));
    withTenant.headers().add("tenant", "acme".getBytes(UTF_8));
    ProducerRecord<byte[], byte[]> bad = prompt(topics, key, garbage);
    bad.headers().add("tenant", "acme".getBytes(UTF_8)).add("deadline", "99".getBytes(UTF_8));
    records.send(
        List.of(
            withTenant,
            prompt(topics, null, avro),
            bad,
            prompt(topics, null, json("will FAIL")),
            prompt(topics, null, null)));
    records.await(topics.responses(), 2);
    records.await(topics.deadLetters(), 3);
    // Read when the first is answered for certain: a duplicate that finds it in the cache.
    ProducerRecord<byte[], byte[]> again = prompt(topics, null, json("hello"));
    again.headers().add("tenant", "acme".getBytes(UTF_8));
    // Another tenant's equal prompt: it must not even learn that there is an answer.
    ProducerRecord<byte[], byte[]> ofAnother = prompt(topics, null, json("hello"));
    ofAnother.headers().add("tenant", "globex".getBytes(UTF_8));
    records.send(List.of(again, ofAnother));
    records.await(topics.responses(), 4);
    job.stopWithSavepoint(data.savepoints(), MAX);

    ObjectMapper mapper = new ObjectMapper();
    Map<String, JsonNode> responses = new TreeMap<>();
    for (ConsumerRecord<byte[], byte[]> record : records.committed(topics.responses())) {
      JsonNode response = mapper.readTree(record.value());
      String id = headers(record).get("millrace.request-id");
      assertThat(response.get("id").textValue()).isEqualTo("chatcmpl-" + id);
      assertThat(responses.put(id, response)).as("answered twice").isNull();
      assertThat(headers(record))
          .containsEntry("millrace.tenant", id.endsWith("-6") ? "globex" : "acme");
      assertThat(record.key()).isEqualTo(id.endsWith("-0") ? key : null);
    }
    assertThat(responses)
        .containsOnlyKeys(
            "flow.prompts-0-0", "flow.prompts-0-1", "flow.prompts-0-5", "flow.prompts-0-6");
    assertThat(content(responses.get("flow.prompts-0-0"))).isEqualTo("HELLO");
    assertThat(content(responses.get("flow.prompts-0-1"))).isEqualTo("FROM AVRO");
    assertThat(content(responses.get("flow.prompts-0-5"))).isEqualTo("HELLO");
    assertThat(responses.get("flow.prompts-0-5").at("/millrace/cached").textValue())
        .isEqualTo("hit");
    JsonNode another = responses.get("flow.prompts-0-6");
    assertThat(content(another)).isEqualTo("HELLO");
    assertThat(another.at("/millrace/cached").textValue()).isEqualTo("none");
    assertThat(another.at("/usage/prompt_tokens_details/cached_tokens").asInt()).isZero();
    assertThat(models.engines()).hasSize(1);
    assertThat(models.engines().get(0).tokensGenerated())
        .as("the duplicate generated nothing; FAIL fails at its third token")
        .isEqualTo(2 * "hello".length() + "from avro".length() + 2);
    assertThat(models.engines().get(0).closed()).isTrue();

    List<ConsumerRecord<byte[], byte[]>> letters = records.committed(topics.deadLetters());
    assertThat(letters)
        .extracting(record -> headers(record).get("__connect.errors.offset"))
        .containsExactlyInAnyOrder("2", "3", "4");
    ConsumerRecord<byte[], byte[]> unreadable =
        letters.stream()
            .filter(r -> headers(r).get("__connect.errors.offset").equals("2"))
            .findFirst()
            .orElseThrow();
    assertThat(unreadable.key()).isEqualTo(key);
    assertThat(unreadable.value()).isEqualTo(garbage);
    assertThat(headers(unreadable))
        .containsEntry("__connect.errors.topic", topics.prompts())
        .containsEntry("__connect.errors.stage", "admit")
        .containsEntry("__connect.errors.exception.class.name", "invalid_json")
        .containsEntry("millrace.error.kind", "terminal")
        .containsEntry("tenant", "acme")
        .containsEntry("deadline", "99");

    List<CostEvent> costs = ofRequests(read(topics.costs(), CostEvent.class, RecordFormat.JSON));
    assertThat(costs)
        .as("one row for each prompt that was admitted")
        .extracting(CostEvent::getStatus)
        .containsExactlyInAnyOrder(
            RequestStatus.generated,
            RequestStatus.generated,
            RequestStatus.generated,
            RequestStatus.hit,
            RequestStatus.dead_lettered);
    assertThat(costs).allMatch(CostEvent::getIsFinal);
  }

  @Test
  void answersEachPromptOnceThoughItsTaskManagerEndsInTheMiddle() throws Exception {
    Topics topics = topics("crash.");
    Configuration options = options(topics).set(MillraceOptions.OUTPUT_FORMAT, RecordFormat.AVRO);
    FakeModels models = new FakeModels("crash", 0);
    int prompts = 60;
    int texts = 40;
    List<ProducerRecord<byte[], byte[]>> sent = new ArrayList<>();
    for (int i = 0; i < prompts; i++) {
      sent.add(prompt(topics, null, json(text(i % texts))));
    }
    records.send(sent);
    long submittedMs = System.currentTimeMillis();
    JobHandle job = submit("crash", options, models);
    job.awaitRunning(MAX);
    long runningMs = System.currentTimeMillis();
    assertThat(job.began("generate: default ")).hasSize(1);
    // The shortest answers are out and committed; the others go on, step by step.
    FakeEngine first = models.engines().get(0);
    first.allow(16);
    records.await(topics.responses(), 1);
    ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    Future<?> steps = timer.scheduleAtFixedRate(() -> first.allow(1), 0, 5, TimeUnit.MILLISECONDS);
    job.awaitCheckpoints(1, MAX);

    flink.terminateTaskManager(0);
    assertThat(steps.isDone()).as("they were allowed to the end").isFalse();
    timer.shutdownNow();
    flink.startTaskManager();
    records.await(topics.responses(), prompts);
    job.stopWithSavepoint(data.savepoints(), MAX);

    assertThat(job.restarts()).isPositive();
    assertThat(models.engines()).hasSize(2);
    long second = models.engines().get(1).tokensGenerated();
    assertThat(second)
        .as("what the checkpoint holds is not generated again")
        .isLessThan(totalLength(texts));
    assertThat(first.tokensGenerated() + second)
        .as("what came after the checkpoint was lost")
        .isGreaterThan(totalLength(texts));
    List<Response> responses = read(topics.responses(), Response.class, RecordFormat.AVRO);
    assertThat(responses).hasSize(prompts);
    Map<String, String> answers = new TreeMap<>();
    responses.forEach(
        r -> answers.put(r.getRequestId(), r.getChoices().get(0).getMessage().getContent()));
    Map<String, String> expected = new TreeMap<>();
    for (int i = 0; i < prompts; i++) {
      expected.put("crash.prompts-0-" + i, text(i % texts).toUpperCase(ROOT));
    }
    assertThat(answers).isEqualTo(expected);

    Map<String, String> streamed =
        read(topics.tokens(), TokenEvent.class, RecordFormat.AVRO).stream()
            .collect(
                Collectors.groupingBy(
                    TokenEvent::getRequestId,
                    TreeMap::new,
                    Collectors.mapping(TokenEvent::getText, Collectors.joining())));
    assertThat(streamed).isEqualTo(expected);

    List<CostEvent> ledger = read(topics.costs(), CostEvent.class, RecordFormat.AVRO);
    assertThat(ledger).extracting(CostEvent::getKind).contains(CostKind.idle, CostKind.recovery);
    long until =
        ledger.stream()
            .filter(row -> row.getKind() != CostKind.heartbeat)
            .mapToLong(row -> row.getEventTime().toEpochMilli())
            .max()
            .getAsLong();
    long heldMs = ledger.stream().mapToLong(CostEvent::getDeviceNanos).sum() / 1_000_000;
    assertThat(until - heldMs)
        .as("rows sum to the wall clock, from the beginning to the end, over the crash")
        .isBetween(submittedMs - 1, runningMs + 1);
    List<CostEvent> costs = ofRequests(ledger);
    assertThat(costs).allMatch(CostEvent::getIsFinal);
    assertThat(costs)
        .extracting(CostEvent::getRequestId)
        .containsExactlyInAnyOrderElementsOf(expected.keySet());
    assertThat(costs.stream().filter(c -> c.getStatus() == RequestStatus.generated).count())
        .as("equal prompts were generated once")
        .isEqualTo(texts);
    assertThat(records.committed(topics.deadLetters())).isEmpty();
  }

  private static List<CostEvent> ofRequests(List<CostEvent> ledger) {
    return ledger.stream().filter(row -> row.getKind() == CostKind.request).toList();
  }

  @Test
  void hasTheMetricsThatAlertsAndPanelsShow() throws Exception {
    Topics topics = topics("metrics.");
    JobHandle job = submit("metrics", options(topics), new FakeModels("metrics", PLENTY));
    records.send(List.of(prompt(topics, null, json("counted"))));
    records.await(topics.responses(), 1);
    String page = metricsPage(flink.flinkMetricsUrl());
    job.cancel(MAX);
    for (String metric : MonitoringFilesTest.metrics()) {
      assertThat(page).containsPattern("(?m)^" + metric + "\\{");
    }
  }

  @Test
  void metricsAreTheSumsOfTheCostRows() throws Exception {
    Topics topics = topics("llm.");
    JobHandle job = submit("llm", options(topics), new FakeModels("llm", PLENTY));
    for (String tenant : List.of("acme", "b\\\"x")) {
      ProducerRecord<byte[], byte[]> prompt = prompt(topics, null, json("for " + tenant.length()));
      prompt.headers().add("tenant", tenant.getBytes(UTF_8));
      records.send(List.of(prompt, prompt));
    }
    records.send(List.of(prompt(topics, null, json("will FAIL"))));
    records.await(topics.responses(), 4);
    records.await(topics.deadLetters(), 1);
    String page = metricsPage(flink.metricsUrl());
    List<CostEvent> costs = ofRequests(read(topics.costs(), CostEvent.class, RecordFormat.JSON));
    job.cancel(MAX);

    assertThat(costs).hasSize(5);
    assertThat(page)
        .contains("# TYPE llm_tokens_input_total counter\n")
        .contains("# TYPE llm_tokens_output_total counter\n")
        .contains("# TYPE llm_request_latency_seconds histogram\n")
        .contains("llm_tokens_input_total{tenant=\"b\\\\\\\"x\",");
    assertThat(sum(page, "llm_requests_total")).isEqualTo(5);
    assertThat(sum(page, "llm_request_latency_seconds_count")).isEqualTo(5);
    assertThat(sum(page, "llm_dedup_hits_total")).isEqualTo(2);
    assertThat(sum(page, "llm_tokens_input_total"))
        .isPositive()
        .isEqualTo(costs.stream().mapToLong(c -> c.getFreshTokens() + c.getCachedTokens()).sum());
    assertThat(sum(page, "llm_tokens_output_total"))
        .isPositive()
        .isEqualTo(costs.stream().mapToLong(CostEvent::getOutputTokens).sum());
  }

  @Test
  void promtoolFindsNothingToSayOfTheCatalogue() throws Exception {
    Topics topics = topics("lint.");
    JobHandle job = submit("lint", options(topics), new FakeModels("lint", PLENTY));
    records.send(List.of(prompt(topics, null, json("hello")), prompt(topics, null, json("FAIL"))));
    records.await(topics.responses(), 1);
    records.await(topics.deadLetters(), 1);
    String catalogue = metricsPage(flink.metricsUrl());
    job.cancel(MAX);
    assertThat(catalogue).contains("llm_requests_total{").doesNotContain("flink_");
    Promtool.assertClean(catalogue);
  }

  /** Over all series of this job. */
  private static long sum(String page, String metric) {
    return page.lines()
        .filter(line -> line.startsWith(metric + "{") && line.contains("job_name=\"llm\""))
        .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private String metricsPage(String url) throws Exception {
    URI uri = URI.create(url);
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }

  @Test
  void endsAtOnceAndInOneLineWhereItsGpuIsMissing() {
    assumeFalse(Files.exists(Path.of("/dev/nvidiactl")), "there is an NVIDIA driver");
    Configuration options = options(topics("gpu."));
    options.set(new ModelOptions("default").backend, BackendKind.CUDA);
    JobHandle job = submit("gpu", options, new FakeModels("gpu", 0));
    assertThatThrownBy(() -> job.awaitRunning(MAX))
        .hasMessage("job gpu ended: FAILED")
        .rootCause()
        .hasMessageStartingWith("model default has no GPU here: no ")
        .hasMessageNotContaining("\n");
    assertThat(job.restarts()).isZero();
  }

  @Test
  void laysOneVertexForEachModel() {
    Configuration options = options(new Topics("graph."));
    options.set(MillraceOptions.MODELS, List.of("small", "large"));
    StreamExecutionEnvironment env = new StreamExecutionEnvironment(new Configuration());
    KafkaEndpoints endpoints = new KafkaEndpoints(options);
    InferenceJob.define(
        env, endpoints.prompts(), endpoints.sinks(), options, new FakeModels("graph", 0));

    Map<String, String> slots = new TreeMap<>();
    for (JobVertex vertex : env.getStreamGraph().getJobGraph().getVertices()) {
      slots.put(vertex.getName(), vertex.getSlotSharingGroup().getSlotSharingGroupName());
    }
    assertThat(slots)
        .isEqualTo(
            Map.of(
                "Source: prompts -> admit", "cpu",
                "generate: small", "gpu-small",
                "generate: large", "gpu-large",
                "responses: Writer -> responses: Committer", "cpu",
                "tokens: Writer -> tokens: Committer", "cpu",
                "heartbeats -> costs: Writer -> costs: Committer", "cpu",
                "dead-letters: Writer -> dead-letters: Committer", "cpu"));
  }

  @Test
  void hasABudgetVertexOnlyWithBudgets(@TempDir Path directory) throws Exception {
    Configuration options = options(new Topics("graph."));
    options.set(
        BudgetOptions.FILE, Files.writeString(directory.resolve("budgets.json"), "{}").toString());
    options.set(new ModelOptions("default").ceilingUsdPerToken, "0.001");
    StreamExecutionEnvironment env = new StreamExecutionEnvironment(new Configuration());
    KafkaEndpoints kafkaOf = new KafkaEndpoints(options);
    Models models = new FakeModels("graph-budgets", 0);
    InferenceJob.define(
        env, kafkaOf.prompts(), kafkaOf.budgetCosts(), kafkaOf.sinks(), options, models);
    assertThat(env.getStreamGraph().getJobGraph().getVertices())
        .extracting(JobVertex::getName)
        .contains("Source: prompts -> admit", "budget", "Source: budget-costs -> budget-rows");
    assertThatThrownBy(
            () -> InferenceJob.define(env, kafkaOf.prompts(), kafkaOf.sinks(), options, models))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("millrace.budget.file needs the costs topic");
  }

  @Test
  void refusesWrongOptionsBeforeAnythingRuns() {
    Configuration options = options(new Topics("wrong."));
    options.set(new ModelOptions("default").deviceHourUsd, "cheap");
    KafkaEndpoints endpoints = new KafkaEndpoints(options);
    assertThatThrownBy(
            () ->
                InferenceJob.define(
                    new StreamExecutionEnvironment(new Configuration()),
                    endpoints.prompts(),
                    endpoints.sinks(),
                    options,
                    new FakeModels("wrong", 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("millrace.model.default.device-hour-usd is cheap, must be a decimal number");
    assertThatThrownBy(() -> new KafkaEndpoints(new Configuration()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("millrace.kafka.bootstrap-servers is not set");
  }

  /** Lengths differ, so that answers end at different steps. */
  private static String text(int i) {
    return "prompt " + i + " " + "x".repeat(10 * i);
  }

  private static long totalLength(int texts) {
    long length = 0;
    for (int i = 0; i < texts; i++) {
      length += text(i).length();
    }
    return length;
  }

  private Topics topics(String prefix) {
    Topics topics = new Topics(prefix);
    kafka
        .topics()
        .create(
            topics.all().stream().collect(Collectors.toMap(t -> t, t -> 1)),
            Map.of("max.message.bytes", "9000000"));
    return topics;
  }

  private Configuration options(Topics topics) {
    return new Configuration()
        .set(MillraceOptions.KAFKA_BOOTSTRAP, kafka.bootstrapServers())
        .set(MillraceOptions.TOPIC_PREFIX, topics.prefix())
        .set(MillraceOptions.TRANSACTION_PREFIX, topics.prefix())
        .set(MillraceOptions.TOKEN_EVENTS, TokenEvents.TOKEN);
  }

  private JobHandle submit(String name, Configuration options, FakeModels models) {
    StreamExecutionEnvironment env = flink.environment(name);
    KafkaEndpoints endpoints = new KafkaEndpoints(options);
    InferenceJob.define(env, endpoints.prompts(), endpoints.sinks(), options, models);
    return flink.submit(env);
  }

  private static ProducerRecord<byte[], byte[]> prompt(Topics topics, byte[] key, byte[] value) {
    return new ProducerRecord<>(topics.prompts(), key, value);
  }

  private static byte[] json(String content) {
    return ("{\"max_tokens\":900,\"messages\":[{\"role\":\"user\",\"content\":\""
            + content
            + "\"}]}")
        .getBytes(UTF_8);
  }

  private static String content(JsonNode response) {
    return response.at("/choices/0/message/content").textValue();
  }

  private static Map<String, String> headers(ConsumerRecord<byte[], byte[]> record) {
    Map<String, String> headers = new TreeMap<>();
    for (Header header : record.headers()) {
      headers.put(header.key(), new String(header.value(), UTF_8));
    }
    return headers;
  }

  private <T extends SpecificRecord> List<T> read(String topic, Class<T> type, RecordFormat format)
      throws Exception {
    List<T> read = new ArrayList<>();
    AvroCodec<T> avro = new AvroCodec<>(type);
    for (ConsumerRecord<byte[], byte[]> record : records.committed(topic)) {
      read.add(
          format == RecordFormat.JSON
              ? PlainJson.read(record.value(), type)
              : avro.decode(record.value()));
    }
    return read;
  }
}
