package io.millrace.jobs.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.InferenceJob;
import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.ModelOptions;
import io.millrace.jobs.Models;
import io.millrace.jobs.embedded.DataDirectory;
import io.millrace.jobs.embedded.EmbeddedFlink;
import io.millrace.jobs.embedded.EmbeddedFlinkConfig;
import io.millrace.jobs.embedded.EmbeddedKafka;
import io.millrace.jobs.embedded.JobHandle;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.kafka.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever stands in the prompts topic, the job goes on, and each record is answered once or stands
 * in dead-letters once, its bytes untouched.
 *
 * <p>More of it: {@code mvn verify -pl jobs -am -Dtest=PromptFuzzTest
 * -Dsurefire.failIfNoSpecifiedTests=false -Dmillrace.fuzz.records=100000 -Dmillrace.fuzz.seed=7};
 * with {@code -Dmillrace.fuzz.engine=real} the shipped model answers.
 */
class PromptFuzzTest {
  private static final int RECORDS = Integer.getInteger("millrace.fuzz.records", 4_000);
  private static final long SEED = Long.getLong("millrace.fuzz.seed", 7);
  private static final boolean REAL_ENGINE =
      System.getProperty("millrace.fuzz.engine", "fake").equals("real");
  private static final Duration MAX = Duration.ofMinutes(2);

  /** As large a record as the broker takes; well past what a prompt and an output may be. */
  private static final int RECORD_BYTES_MAX = 12 << 20;

  @Test
  void everyRecordIsAnsweredOrBuriedOnceAndTheJobGoesOn(@TempDir Path directory) throws Exception {
    Topics topics = new Topics("fuzz.");
    HostilePrompts prompts = new HostilePrompts(SEED);
    try (DataDirectory data = DataDirectory.open(directory);
        EmbeddedKafka kafka = EmbeddedKafka.start(data.kafka(), 0);
        EmbeddedFlink flink =
            EmbeddedFlink.start(EmbeddedFlinkConfig.in(data).withTaskManagers(1, 2))) {
      kafka
          .topics()
          .create(
              topics.all().stream().collect(Collectors.toMap(topic -> topic, topic -> 2)),
              Map.of("max.message.bytes", Integer.toString(RECORD_BYTES_MAX)));
      JobHandle job = submit(flink, options(kafka, topics));
      long begin = System.nanoTime();
      Outcomes outcomes = new Outcomes(prompts, kafka.bootstrapServers(), topics, job);
      outcomes.run(RECORDS, RECORD_BYTES_MAX, MAX);
      System.out.printf(
          "fuzz: seed %d, %d records in %d s (%s engine): %s, %d restarts%n",
          SEED,
          RECORDS,
          (System.nanoTime() - begin) / 1_000_000_000,
          REAL_ENGINE ? "real" : "fake",
          outcomes,
          job.restarts());

      assertThat(job.failure()).isEmpty();
      assertThat(job.restarts()).isZero();
      assertThat(outcomes.answers() + outcomes.deadLetters()).isEqualTo(RECORDS);
      // Neither is a test of everything if all records take the same way.
      assertThat(outcomes.answers()).isBetween(RECORDS / 10, RECORDS * 9 / 10);
      assertThat(outcomes.codes())
          .containsKeys("invalid_json", "invalid_avro", "invalid_request", "empty", "too_large");
      assertThat(outcomes.codes())
          .as("faults of ours; the log names their places")
          .doesNotContainKey("internal_error");
      assertThat(outcomes.finalCosts())
          .as("one final cost row for each prompt that was admitted")
          .isEqualTo(outcomes.answers() + outcomes.generateDeadLetters());
      job.cancel(MAX);
    }
  }

  private static Configuration options(EmbeddedKafka kafka, Topics topics) {
    return new Configuration()
        .set(MillraceOptions.KAFKA_BOOTSTRAP, kafka.bootstrapServers())
        .set(MillraceOptions.TOPIC_PREFIX, topics.prefix())
        .set(MillraceOptions.TRANSACTION_PREFIX, topics.prefix())
        .set(
            new ModelOptions("default").path,
            Path.of("../engine-gpu/models/tickets-target-q8_0.gguf").toAbsolutePath().toString());
  }

  private static JobHandle submit(EmbeddedFlink flink, Configuration options) {
    StreamExecutionEnvironment env = flink.environment("fuzz");
    KafkaEndpoints endpoints = new KafkaEndpoints(options);
    Models models = REAL_ENGINE ? Models.local() : new QuickModels();
    InferenceJob.define(env, endpoints.prompts(), endpoints.sinks(), options, models);
    JobHandle job = flink.submit(env);
    job.awaitRunning(MAX);
    return job;
  }

  /** Records are functions of seed and number: what is compared with is what was sent. */
  @Test
  void recordsAreFunctionsOfTheSeed() {
    for (int i = 0; i < 500; i++) {
      HostilePrompt one = new HostilePrompts(3, 100_000).record(i);
      HostilePrompt same = new HostilePrompts(3, 100_000).record(i);
      assertThat(same.kind()).isEqualTo(one.kind());
      assertThat(same.key()).isEqualTo(one.key());
      assertThat(same.value()).isEqualTo(one.value());
      assertThat(same.headers()).isEqualTo(one.headers());
    }
    assertThat(new HostilePrompts(3, 4).record(2).value()).hasSizeGreaterThan(8 << 19);
    assertThat(new String(HostileJson.repeated(3), UTF_8)).contains("common question 3");
  }
}
