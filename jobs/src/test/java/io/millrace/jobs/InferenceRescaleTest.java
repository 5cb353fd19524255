package io.millrace.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.MillraceOptions.RecordFormat;
import io.millrace.jobs.MillraceOptions.TokenEvents;
import io.millrace.jobs.cli.events.CommittedReader;
import io.millrace.jobs.embedded.DataDirectory;
import io.millrace.jobs.embedded.EmbeddedFlink;
import io.millrace.jobs.embedded.EmbeddedFlinkConfig;
import io.millrace.jobs.embedded.EmbeddedKafka;
import io.millrace.jobs.embedded.JobHandle;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.kafka.Topics;
import io.millrace.jobs.testing.TopicRecords;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.Response;
import io.millrace.schemas.TokenEvent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole job with the shipped model, stopped again and again in the middle of long answers, and
 * taken up with another parallelism on another state backend: readers of committed records must see
 * what they see of a job that nobody stopped.
 */
@Timeout(300)
class InferenceRescaleTest {
  private static final Duration MAX = Duration.ofMinutes(2);
  private static final long POLL_NANOS = Duration.ofMillis(50).toNanos();
  private static final int PROMPTS = 10;
  private static final int ANSWER_TOKENS = 300;

  /** Fewer than there are prompts: some are carried over that have not begun. */
  private static final int SEQUENCES = 3;

  /** So many tokens more are out before a job is stopped. */
  private static final int TOKENS_BETWEEN = 400;

  private DataDirectory data;
  private EmbeddedKafka kafka;
  private EmbeddedFlink flink;
  private TopicRecords records;

  @Test
  void goesOnWithTheSameTokensFromOneToTwoToOneAndOverThreeStateBackends(@TempDir Path directory)
      throws Exception {
    data = DataDirectory.open(directory);
    kafka = EmbeddedKafka.start(data.kafka(), 0);
    flink = EmbeddedFlink.start(EmbeddedFlinkConfig.in(data).withTaskManagers(1, 3));
    records = new TopicRecords(kafka.bootstrapServers());
    try {
      Topics calm = topics("calm.");
      JobHandle undisturbed = start(calm, 1, "hashmap", null);
      awaitAnswers(calm);
      undisturbed.cancel(MAX);

      Topics moved = topics("moved.");
      String savepoint = suspended(moved, start(moved, 1, "hashmap", null));
      savepoint = suspended(moved, start(moved, 2, "rocksdb", savepoint));
      // The last, for ForSt writes no canonical savepoint.
      JobHandle last = start(moved, 1, "forst", savepoint);
      awaitAnswers(moved);
      last.cancel(MAX);

      assertThat(answers(moved)).isEqualTo(answers(calm)).hasSize(PROMPTS);
      assertThat(tokens(moved)).isEqualTo(tokens(calm));
      assertThat(outputTokens(moved)).isEqualTo(outputTokens(calm));
      assertThat(records.committed(moved.deadLetters())).isEmpty();
    } finally {
      flink.close();
      kafka.close();
      data.close();
    }
  }

  private JobHandle start(Topics topics, int parallelism, String stateBackend, String savepoint) {
    Configuration options =
        new Configuration()
            .set(MillraceOptions.KAFKA_BOOTSTRAP, kafka.bootstrapServers())
            .set(MillraceOptions.TOPIC_PREFIX, topics.prefix())
            .set(MillraceOptions.TRANSACTION_PREFIX, topics.prefix())
            .set(MillraceOptions.OUTPUT_FORMAT, RecordFormat.AVRO)
            .set(MillraceOptions.TOKEN_EVENTS, TokenEvents.TOKEN);
    ModelOptions model = new ModelOptions("default");
    options.set(model.path, "../engine-gpu/models/tickets-target-q8_0.gguf");
    options.set(model.parallelism, parallelism).set(model.sequencesMax, SEQUENCES);
    StreamExecutionEnvironment env = flink.environment(topics.prefix().replace('.', 's'));
    Configuration backend = new Configuration();
    backend.setString("state.backend.type", stateBackend);
    // With timers of its own, ForSt of Flink 2.3 reads no savepoint of another backend.
    backend.setString("state.backend.forst.timer-service.factory", "heap");
    env.configure(backend);
    KafkaEndpoints endpoints = new KafkaEndpoints(options);
    InferenceJob.define(env, endpoints.prompts(), endpoints.sinks(), options, Models.local());
    JobHandle job = savepoint == null ? flink.submit(env) : flink.resumeFrom(env, savepoint);
    job.awaitRunning(MAX);
    return job;
  }

  /** Stops the job when more tokens are out, which must be before all answers are. */
  private String suspended(Topics topics, JobHandle job) {
    long wanted = tokensOut(topics) + TOKENS_BETWEEN;
    long begin = System.nanoTime();
    while (tokensOut(topics) < wanted) {
      assertThat(System.nanoTime() - begin).as("time").isLessThan(MAX.toNanos());
      LockSupport.parkNanos(POLL_NANOS);
    }
    String savepoint = job.suspend(data.savepoints(), MAX);
    assertThat(records.committed(topics.tokens())).as("progress").isNotEmpty();
    assertThat(records.committed(topics.responses())).as("answers").hasSizeLessThan(PROMPTS);
    return savepoint;
  }

  /** Written so far, whether committed or not. */
  private long tokensOut(Topics topics) {
    return CommittedReader.end(kafka.bootstrapServers(), new TopicPartition(topics.tokens(), 0));
  }

  private void awaitAnswers(Topics topics) {
    long begin = System.nanoTime();
    while (records.committed(topics.responses()).size() < PROMPTS) {
      assertThat(System.nanoTime() - begin).as("time").isLessThan(MAX.toNanos());
    }
  }

  private Topics topics(String prefix) throws Exception {
    Topics topics = new Topics(prefix);
    kafka
        .topics()
        .create(
            topics.all().stream().collect(Collectors.toMap(t -> t, t -> 1)),
            Map.of("max.message.bytes", "9000000"));
    List<ProducerRecord<byte[], byte[]>> prompts = new ArrayList<>();
    for (int i = 0; i < PROMPTS; i++) {
      // The last two are equal: one follows the other. Every other one is sampled.
      int number = Math.min(i, PROMPTS - 2);
      String sampled = number % 2 == 0 ? "" : ",\"temperature\":0.9,\"seed\":" + number;
      String body =
          """
          {"max_tokens": %d, "guided_regex": "[a-z ]{9999}"%s,
           "messages": [{"role": "user", "content": "Ticket %d: my invoice is wrong"}]}
          """
              .formatted(ANSWER_TOKENS, sampled, number);
      prompts.add(new ProducerRecord<>(topics.prompts(), null, body.getBytes(UTF_8)));
    }
    records.send(prompts);
    return topics;
  }

  /** By the prompt's offset; none may come twice. */
  private Map<Long, String> answers(Topics topics) throws Exception {
    Map<Long, String> answers = new TreeMap<>();
    for (Response response : read(topics.responses(), Response.class)) {
      String text = response.getChoices().get(0).getMessage().getContent();
      assertThat(answers.put(response.getSource().getOffset(), text)).as("answered twice").isNull();
    }
    return answers;
  }

  /**
   * Token ids of each prompt that was generated, by its offset; none may come twice or be missing.
   */
  private Map<Long, List<Integer>> tokens(Topics topics) throws Exception {
    Map<Long, List<Integer>> tokens = new TreeMap<>();
    for (TokenEvent event : read(topics.tokens(), TokenEvent.class)) {
      String id = event.getRequestId();
      long offset = Long.parseLong(id.substring(id.lastIndexOf('-') + 1));
      if (event.getTokenId() == null) {
        assertThat(event.getTokenCount())
            .as("a shared answer comes whole")
            .isEqualTo(ANSWER_TOKENS);
        continue;
      }
      List<Integer> of = tokens.computeIfAbsent(offset, o -> new ArrayList<>());
      assertThat(event.getIndex()).as("position of a token of " + id).isEqualTo(of.size());
      of.add(event.getTokenId());
    }
    return tokens;
  }

  /** What the ledger says was generated for each prompt. */
  private Map<Long, Long> outputTokens(Topics topics) throws Exception {
    Map<Long, Long> tokens = new TreeMap<>();
    for (CostEvent row : read(topics.costs(), CostEvent.class)) {
      if (row.getKind() != CostKind.request) {
        continue;
      }
      assertThat(tokens.put(row.getSource().getOffset(), row.getOutputTokens()))
          .as("billed twice")
          .isNull();
    }
    return tokens;
  }

  private <T extends SpecificRecord> List<T> read(String topic, Class<T> type) throws Exception {
    AvroCodec<T> codec = new AvroCodec<>(type);
    List<T> read = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : records.committed(topic)) {
      read.add(codec.decode(record.value()));
    }
    return read;
  }
}
