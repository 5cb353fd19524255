package io.millrace.jobs.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.InferenceJob;
import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.Models;
import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.kafka.Topics;
import io.millrace.jobs.metrics.ShownMetrics;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.jobs.testing.FakeProfile;
import io.millrace.jobs.testing.Promtool;
import io.millrace.jobs.testing.TopicRecords;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a TaskManager that is a process of its own serves of the catalogue. */
class ClusterMetricsTest {
  private static final Path FLINK_CONF = Path.of(System.getProperty("millrace.home"), "flink-conf");
  private static final int ANSWERS = 3;

  /** A model in any process: {@link FakeEngine}, which knows of no other. */
  private static final class Fakes implements Models {
    private static final long serialVersionUID = 1L;

    @Override
    public ModelProfile profile(Configuration options, String model) {
      return new FakeProfile(model);
    }

    @Override
    public OpenedModel open(Configuration options, String model) {
      return new OpenedModel(
          new FakeEngine(Integer.MAX_VALUE / 2),
          FakeEngine.TOKENIZER,
          "fake",
          () -> "digest",
          () -> {});
    }
  }

  @Test
  void theTaskManagerServesThemByTheirNamesAndTypes(@TempDir Path folder) throws Exception {
    Topics topics = new Topics("cluster.");
    try (ProcessCluster cluster =
        ProcessCluster.start(new ClusterSettings(folder, FLINK_CONF, 1, 2))) {
      cluster
          .topics()
          .create(
              Map.of(
                  topics.prompts(), 1,
                  topics.responses(), 1,
                  topics.tokens(), 1,
                  topics.costs(), 1,
                  topics.deadLetters(), 1),
              Map.of());
      Configuration options =
          new Configuration()
              .set(MillraceOptions.KAFKA_BOOTSTRAP, cluster.bootstrapServers())
              .set(MillraceOptions.TOPIC_PREFIX, topics.prefix());
      StreamExecutionEnvironment env = cluster.environment("metrics");
      KafkaEndpoints kafka = new KafkaEndpoints(options);
      InferenceJob.define(env, kafka.prompts(), kafka.sinks(), options, new Fakes());
      JobID job = cluster.submit(env);
      TopicRecords records = new TopicRecords(cluster.bootstrapServers());
      ProducerRecord<byte[], byte[]> prompt =
          new ProducerRecord<>(
              topics.prompts(),
              "{\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}".getBytes(UTF_8));
      records.send(List.of(prompt, prompt, prompt));
      records.await(topics.responses(), ANSWERS);

      Map<Integer, String> pages = cluster.metrics();
      assertThat(pages).as("JobManager and TaskManager").hasSize(2);
      String page = pages.values().stream().filter(text -> !text.isEmpty()).findAny().orElseThrow();
      assertThat(page)
          .contains("# TYPE llm_tokens_input_total counter\n")
          .contains("# TYPE llm_tokens_output_total counter\n")
          .contains("# TYPE llm_request_latency_seconds histogram\n");
      Map<String, Double> samples = ShownMetrics.samples(page);
      assertThat(
              samples.entrySet().stream()
                  .filter(s -> s.getKey().startsWith("llm_request_latency_seconds_count{"))
                  .mapToDouble(Map.Entry::getValue)
                  .sum())
          .isEqualTo(ANSWERS);
      cluster.cancel(job);
      Promtool.assertClean(page);
    }
  }
}
