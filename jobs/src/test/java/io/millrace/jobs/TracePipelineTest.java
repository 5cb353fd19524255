package io.millrace.jobs;

import static io.millrace.jobs.testing.OtlpReceiver.attributes;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.embedded.DataDirectory;
import io.millrace.jobs.embedded.EmbeddedFlink;
import io.millrace.jobs.embedded.EmbeddedFlinkConfig;
import io.millrace.jobs.embedded.EmbeddedKafka;
import io.millrace.jobs.embedded.JobHandle;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.kafka.Topics;
import io.millrace.jobs.testing.CapturedLog;
import io.millrace.jobs.testing.FakeModels;
import io.millrace.jobs.testing.OtlpReceiver;
import io.millrace.jobs.testing.TopicRecords;
import io.opentelemetry.proto.trace.v1.Span;
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
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Traces of a whole pipeline; only the model is a fake. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TracePipelineTest {
  private static final Duration MAX = Duration.ofMinutes(2);
  private static final String PRODUCER = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String SECRET = "lsv2_pt_s3cret";

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
  void everyPromptHasASpanWithoutItsText(@TempDir Path directory) throws Exception {
    Topics topics = topics("traces.");
    Path headers = Files.writeString(directory.resolve("headers"), "x-api-key: " + SECRET + "\n");
    try (OtlpReceiver receiver = OtlpReceiver.start();
        CapturedLog log = CapturedLog.of("io.millrace", "org.apache.flink")) {
      Configuration options = options(topics, Map.of("main", receiver.endpoint()));
      options.setString("millrace.trace.exporter.main.headers-file", headers.toString());
      MillraceOptions.describe(options).forEach(log.logger()::info);
      JobHandle job = submit("traces", options);
      records.send(
          List.of(
              prompt(topics, "my private words", "00-" + PRODUCER + "-00f067aa0ba902b7-01"),
              prompt(topics, "unsampled", "00-" + PRODUCER + "-00f067aa0ba902b8-00"),
              prompt(topics, "will FAIL", null),
              new ProducerRecord<>(topics.prompts(), null, "{not json".getBytes(UTF_8))));
      records.await(topics.responses(), 2);
      records.await(topics.deadLetters(), 2);
      records.send(List.of(prompt(topics, "my private words", null)));
      records.await(topics.responses(), 3);
      receiver.await(4);
      job.stopWithSavepoint(data.savepoints(), MAX);

      Map<String, Span> spans = new TreeMap<>();
      receiver.spans.forEach(s -> spans.put(attributes(s).get("messaging.kafka.offset"), s));
      assertThat(receiver.spans).hasSize(4);
      assertThat(spans).containsOnlyKeys("0", "2", "3", "4");
      assertThat(spans.get("0").getTraceId().toByteArray())
          .asHexString()
          .isEqualToIgnoringCase(PRODUCER);
      assertThat(attributes(spans.get("2"))).containsEntry("error.type", "engine_error");
      assertThat(attributes(spans.get("3")))
          .containsEntry("error.type", "invalid_json")
          .containsEntry("millrace.stage", "admit");
      assertThat(attributes(spans.get("4")))
          .containsEntry("millrace.cached", "hit")
          .containsEntry("gen_ai.usage.output_tokens", "0");
      assertThat(receiver.keys).containsOnly(SECRET);
      for (String text : List.of("private", "PRIVATE", "FAIL", "not json")) {
        assertThat(receiver.received(text)).as(text).isFalse();
      }
      assertThat(log.text()).doesNotContain(SECRET).doesNotContain("private words");
    }
  }

  @Test
  void receiversThatAreSlowOrDeadCostTracesAndNoAnswers() throws Exception {
    Topics topics = topics("lost.");
    String dead;
    try (OtlpReceiver gone = OtlpReceiver.start()) {
      dead = gone.endpoint();
    }
    int round = 150;
    int prompts = 3 * round;
    try (OtlpReceiver silent = OtlpReceiver.silent();
        OtlpReceiver receiver = OtlpReceiver.start()) {
      Configuration options =
          options(
              topics,
              Map.of("silent", silent.endpoint(), "dead", dead, "good", receiver.endpoint()));
      options.setString("millrace.trace.queue-max", "200");
      options.setString("millrace.trace.timeout", "60 s");
      options.setString("millrace.trace.flush-timeout", "100 ms");
      JobHandle job = submit("lost", options);
      for (int sent = 0; sent < prompts; sent += round) {
        List<ProducerRecord<byte[], byte[]>> some = new ArrayList<>();
        for (int i = sent; i < sent + round; i++) {
          some.add(prompt(topics, "prompt " + i, null));
        }
        records.send(some);
        receiver.await(sent + round);
      }
      records.await(topics.responses(), prompts);
      awaitMetrics(
          page ->
              sum(page, "llm_trace_export_failures_total", "dead") > 0
                  && sum(page, "llm_trace_spans_dropped_total", "dead") > 0
                  && sum(page, "llm_trace_spans_dropped_total", "silent") > 0
                  && sum(page, "llm_trace_spans_total", "good") == prompts);
      job.cancel(MAX);
      assertThat(records.committed(topics.responses())).hasSize(prompts);
      assertThat(receiver.spans).hasSize(prompts);
      assertThat(silent.spans).isEmpty();
    }
  }

  @Test
  void textsAreInTheSpansOfThoseWhoAskForThem() throws Exception {
    Topics topics = topics("texts.");
    try (OtlpReceiver receiver = OtlpReceiver.start()) {
      Configuration options = options(topics, Map.of("main", receiver.endpoint()));
      options.set(TraceOptions.TEXT, true);
      JobHandle job = submit("texts", options);
      records.send(List.of(prompt(topics, "please print", null)));
      receiver.await(1);
      job.cancel(MAX);
      assertThat(attributes(receiver.spans.get(0)))
          .containsEntry(
              "gen_ai.input.messages",
              "[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"please print\"}]}]")
          .containsEntry(
              "gen_ai.output.messages",
              "[{\"role\":\"assistant\",\"parts\":[{\"type\":\"text\",\"content\":"
                  + "\"PLEASE PRINT\"}],\"finish_reason\":\"stop\"}]");
    }
  }

  private void awaitMetrics(Predicate<String> condition) throws Exception {
    long begin = System.nanoTime();
    String page;
    do {
      page = get(flink.metricsUrl());
      assertThat(System.nanoTime() - begin).as(page).isLessThan(MAX.toNanos());
    } while (!condition.test(page));
  }

  private static long sum(String page, String metric, String exporter) {
    return page.lines()
        .filter(line -> line.startsWith(metric + "{exporter=\"" + exporter + "\""))
        .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static String get(String url) throws Exception {
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
        .body();
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

  private Configuration options(Topics topics, Map<String, String> endpoints) {
    Configuration options =
        new Configuration()
            .set(MillraceOptions.KAFKA_BOOTSTRAP, kafka.bootstrapServers())
            .set(MillraceOptions.TOPIC_PREFIX, topics.prefix())
            .set(MillraceOptions.TRANSACTION_PREFIX, topics.prefix())
            .set(TraceOptions.EXPORTERS, List.copyOf(endpoints.keySet()));
    endpoints.forEach(
        (name, endpoint) ->
            options.setString("millrace.trace.exporter." + name + ".endpoint", endpoint));
    return options;
  }

  private JobHandle submit(String name, Configuration options) {
    StreamExecutionEnvironment env = flink.environment(name);
    KafkaEndpoints endpoints = new KafkaEndpoints(options);
    FakeModels models = new FakeModels("trace-" + name, 1_000_000);
    InferenceJob.define(env, endpoints.prompts(), endpoints.sinks(), options, models);
    return flink.submit(env);
  }

  private static ProducerRecord<byte[], byte[]> prompt(
      Topics topics, String content, String traceparent) {
    String body = "{\"messages\":[{\"role\":\"user\",\"content\":\"" + content + "\"}]}";
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(topics.prompts(), null, body.getBytes(UTF_8));
    if (traceparent != null) {
      record.headers().add("traceparent", traceparent.getBytes(UTF_8));
    }
    return record;
  }
}
