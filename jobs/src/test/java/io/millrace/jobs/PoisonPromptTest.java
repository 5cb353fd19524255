package io.millrace.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

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
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A prompt that breaks the engine each time, and what becomes of it and of the others. */
class PoisonPromptTest {
  private static final Duration MAX = Duration.ofMinutes(2);
  private static final int PLENTY = 1_000_000;
  private static final int FINE = 20;

  private Topics topics;
  private TopicRecords records;
  private EmbeddedKafka kafka;

  @Test
  void isFoundAndBuriedAndOthersAreAnsweredOrSentAgain(@TempDir Path directory) throws Exception {
    topics = new Topics("poison.");
    try (DataDirectory data = DataDirectory.open(directory);
        EmbeddedKafka broker = EmbeddedKafka.start(data.kafka(), 0);
        EmbeddedFlink flink =
            EmbeddedFlink.start(EmbeddedFlinkConfig.in(data).withTaskManagers(1, 2))) {
      kafka = broker;
      records = new TopicRecords(kafka.bootstrapServers());
      kafka
          .topics()
          .create(topics.all().stream().collect(Collectors.toMap(topic -> topic, topic -> 1)));
      List<ProducerRecord<byte[], byte[]>> prompts = new ArrayList<>();
      for (int i = 0; i < FINE; i++) {
        prompts.add(prompt(i == 7 ? "EXPLODE" : "fine " + i));
      }
      prompts.add(prompt("FLAKY"));
      ProducerRecord<byte[], byte[]> failing = prompt("will FAIL");
      failing.headers().add("millrace.replay", "2".getBytes(UTF_8));
      prompts.add(failing);
      records.send(prompts);
      JobHandle job = submit(flink, new FakeModels("poison", PLENTY));

      records.await(topics.responses(), FINE - 1);
      records.await(topics.deadLetters(), 3);
      // Two crashes, and two more while it ran alone; more where a checkpoint came between.
      assertThat(job.restarts()).isBetween(4L, 10L);
      Map<String, ConsumerRecord<byte[], byte[]>> letters = letters();
      ConsumerRecord<byte[], byte[]> poison = letters.get("7");
      assertThat(poison.value()).isEqualTo(prompts.get(7).value());
      assertThat(header(poison, "millrace.error.kind")).isEqualTo("terminal");
      assertThat(header(poison, "__connect.errors.exception.message"))
          .isEqualTo("the process crashed 2 times while only this ran");
      String flaky = Integer.toString(FINE);
      assertThat(header(letters.get(flaky), "millrace.error.kind")).isEqualTo("retryable");
      assertThat(header(letters.get(flaky), "millrace.replay")).isNull();

      // Those that can be tried again are: one is answered, one fails for the last time.
      assertThat(replay().sent()).isEqualTo(2);
      records.await(topics.responses(), FINE);
      records.await(topics.deadLetters(), 4);
      assertThat(header(letters().get(Integer.toString(FINE + 3)), "millrace.replay"))
          .isEqualTo("3");
      assertThat(replay()).isEqualTo(new Replay.Outcome(0, 0, 1, 0, 0));
      job.cancel(MAX);

      List<String> settled = new ArrayList<>();
      for (ConsumerRecord<byte[], byte[]> record : records.committed(topics.costs())) {
        CostEvent row = PlainJson.read(record.value(), CostEvent.class);
        if (row.getIsFinal()) {
          settled.add(row.getRequestId());
        }
      }
      assertThat(settled)
          .as("a final row each, the poison too")
          .hasSize(FINE + 4)
          .doesNotHaveDuplicates()
          .contains("poison.prompts-0-7");
    }
  }

  private Replay.Outcome replay() throws IOException {
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

  private JobHandle submit(EmbeddedFlink flink, Models models) {
    Configuration options =
        new Configuration()
            .set(MillraceOptions.KAFKA_BOOTSTRAP, kafka.bootstrapServers())
            .set(MillraceOptions.TOPIC_PREFIX, topics.prefix())
            .set(MillraceOptions.TRANSACTION_PREFIX, topics.prefix());
    StreamExecutionEnvironment env = flink.environment("poison");
    KafkaEndpoints endpoints = new KafkaEndpoints(options);
    InferenceJob.define(env, endpoints.prompts(), endpoints.sinks(), options, models);
    return flink.submit(env);
  }

  /** By the offsets of their prompts. */
  private Map<String, ConsumerRecord<byte[], byte[]>> letters() {
    return records.committed(topics.deadLetters()).stream()
        .collect(Collectors.toMap(r -> header(r, "__connect.errors.offset"), r -> r));
  }

  private ProducerRecord<byte[], byte[]> prompt(String content) {
    return new ProducerRecord<>(
        topics.prompts(),
        ("{\"messages\":[{\"role\":\"user\",\"content\":\"" + content + "\"}]}").getBytes(UTF_8));
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null ? null : new String(header.value(), UTF_8);
  }
}
