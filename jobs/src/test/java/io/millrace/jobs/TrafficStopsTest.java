package io.millrace.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.embedded.DataDirectory;
import io.millrace.jobs.embedded.EmbeddedFlink;
import io.millrace.jobs.embedded.EmbeddedFlinkConfig;
import io.millrace.jobs.embedded.EmbeddedKafka;
import io.millrace.jobs.embedded.JobHandle;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.kafka.Topics;
import io.millrace.jobs.testing.FakeModels;
import io.millrace.jobs.testing.TopicRecords;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.PlainJson;
import io.millrace.schemas.RequestStatus;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One tenant and more partitions than that: when it asks nothing, only heartbeats tell the time.
 */
class TrafficStopsTest {
  private static final Duration MAX = Duration.ofMinutes(2);
  private static final Duration WINDOW = Duration.ofSeconds(10);
  private static final int WINDOWS = 30;
  private static final int REQUESTS = 20;
  private static final int PARTITIONS = 4;

  /** Not long ago, so that few windows are between the last request and the first heartbeat. */
  private final Instant start =
      Instant.ofEpochSecond(
          (System.currentTimeMillis() / 1000 / 10 - WINDOWS - 1) * WINDOW.toSeconds());

  private final Topics topics = new Topics("h.");

  @Test
  void heartbeatsOfTheInferenceJobLetTheAnomalyJobNotice(@TempDir Path directory) throws Exception {
    try (DataDirectory data = DataDirectory.open(directory);
        EmbeddedKafka kafka = EmbeddedKafka.start(data.kafka(), 0);
        EmbeddedFlink flink =
            EmbeddedFlink.start(EmbeddedFlinkConfig.in(data).withTaskManagers(1, 3))) {
      Map<String, Integer> partitions =
          Map.of(
              topics.prompts(), 1,
              topics.responses(), 1,
              topics.tokens(), 1,
              topics.deadLetters(), 1,
              topics.anomalies(), 1,
              topics.costs(), PARTITIONS);
      kafka.topics().create(partitions, Map.of());
      TopicRecords records = new TopicRecords(kafka.bootstrapServers());
      records.send(rows());
      Configuration options =
          new Configuration()
              .set(MillraceOptions.KAFKA_BOOTSTRAP, kafka.bootstrapServers())
              .set(MillraceOptions.TOPIC_PREFIX, topics.prefix())
              .set(MillraceOptions.ANOMALY_WINDOW, WINDOW)
              .set(MillraceOptions.ANOMALY_OUT_OF_ORDER_MAX, Duration.ofSeconds(1))
              .set(CostOptions.HEARTBEAT_INTERVAL, Duration.ofSeconds(1));
      KafkaEndpoints endpoints = new KafkaEndpoints(options);

      StreamExecutionEnvironment inference = flink.environment("inference");
      InferenceJob.define(
          inference,
          endpoints.prompts(),
          endpoints.sinks(),
          options,
          new FakeModels("heartbeats", Integer.MAX_VALUE / 2));
      JobHandle answering = flink.submit(inference);
      for (int partition = 1; partition < PARTITIONS; partition++) {
        records.await(topics.costs(), partition, 2);
      }
      records.await(topics.costs(), 0, WINDOWS * REQUESTS + 2);

      StreamExecutionEnvironment watching = flink.environment("anomaly");
      AnomalyJob.define(watching, endpoints.costs(), endpoints.anomalies(), options);
      JobHandle watch = flink.submit(watching);
      Anomaly anomaly =
          PlainJson.read(records.await(topics.anomalies(), 1).get(0).value(), Anomaly.class);
      assertThat(anomaly.getDetector()).isEqualTo("traffic-drop");
      assertThat(anomaly.getTenant()).isEqualTo("acme");
      assertThat(anomaly.getWindowStart()).isEqualTo(start.plus(WINDOW.multipliedBy(WINDOWS)));
      watch.cancel(MAX);
      answering.cancel(MAX);

      for (int partition = 0; partition < PARTITIONS; partition++) {
        List<CostEvent> heartbeats = new ArrayList<>();
        for (var record : records.await(topics.costs(), partition, 0)) {
          CostEvent row = PlainJson.read(record.value(), CostEvent.class);
          if (row.getKind() == CostKind.heartbeat) {
            heartbeats.add(row);
          }
        }
        assertThat(heartbeats)
            .as("partition %d", partition)
            .isNotEmpty()
            .allMatch(row -> row.getAttempt() == 0 && row.getTenant() == null)
            .extracting(CostEvent::getEventTime)
            .isSorted()
            .doesNotHaveDuplicates();
      }
    }
  }

  /** The tenant's, all in one partition. */
  private List<ProducerRecord<byte[], byte[]>> rows() {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (int window = 0; window < WINDOWS; window++) {
      for (int i = 0; i < REQUESTS; i++) {
        CostEvent row =
            CostEvent.newBuilder()
                .setKind(CostKind.request)
                .setIsFinal(true)
                .setRequestId("p-0-" + (window * REQUESTS + i))
                .setTenant("acme")
                .setModel("default")
                .setStatus(RequestStatus.generated)
                .setEventTime(start.plus(WINDOW.multipliedBy(window)).plusMillis(100 * i))
                .setOutputTokens(100)
                .setTotalMs(500L)
                .setTotalUsd(new BigDecimal("0.001"))
                .build();
        records.add(
            new ProducerRecord<>(topics.costs(), 0, "acme".getBytes(UTF_8), PlainJson.write(row)));
      }
    }
    return records;
  }
}
