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
import io.millrace.jobs.testing.TopicRecords;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.AnomalyState;
import io.millrace.schemas.AvroCodec;
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
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a topic of costs to a topic of anomalies, over a crash. */
class AnomalyJobTest {
  private static final Duration MAX = Duration.ofMinutes(2);
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final int WINDOWS = 40;
  private static final int REQUESTS = 20;

  private final AvroCodec<CostEvent> avro = new AvroCodec<>(CostEvent.class);

  @Test
  void findsASpikeOnceThoughItsClusterCrashes(@TempDir Path directory) throws Exception {
    try (DataDirectory data = DataDirectory.open(directory);
        EmbeddedKafka kafka = EmbeddedKafka.start(data.kafka(), 0);
        EmbeddedFlink flink =
            EmbeddedFlink.start(EmbeddedFlinkConfig.in(data).withTaskManagers(1, 1))) {
      Topics topics = new Topics("t.");
      kafka.topics().create(Map.of(topics.costs(), 1, topics.anomalies(), 1), Map.of());
      TopicRecords records = new TopicRecords(kafka.bootstrapServers());
      records.send(rows(topics, 0, 34));
      JobHandle job = submit(flink, kafka, topics);
      records.await(topics.anomalies(), 2);
      job.awaitCheckpoints(1, MAX);
      flink.terminateTaskManager(0);
      flink.startTaskManager();
      records.send(rows(topics, 34, WINDOWS));

      List<Anomaly> anomalies = new ArrayList<>();
      for (ConsumerRecord<byte[], byte[]> record : records.await(topics.anomalies(), 4)) {
        Anomaly anomaly = PlainJson.read(record.value(), Anomaly.class);
        assertThat(new String(record.key(), UTF_8)).isEqualTo(anomaly.getId());
        anomalies.add(anomaly);
      }

      assertThat(anomalies).hasSize(4).allMatch(a -> a.getTenant().equals("acme"));
      assertThat(anomalies)
          .filteredOn(a -> a.getDetector().equals("cost-spike"))
          .extracting(Anomaly::getState)
          .containsExactly(AnomalyState.open, AnomalyState.resolved);
      assertThat(anomalies.get(0).getFirstSeen()).isEqualTo(START.plusSeconds(30 * 60));
      job.cancel(MAX);
    }
  }

  private static JobHandle submit(EmbeddedFlink flink, EmbeddedKafka kafka, Topics topics) {
    Configuration options =
        new Configuration()
            .set(MillraceOptions.KAFKA_BOOTSTRAP, kafka.bootstrapServers())
            .set(MillraceOptions.TOPIC_PREFIX, topics.prefix());
    StreamExecutionEnvironment env = flink.environment("anomaly");
    KafkaEndpoints endpoints = new KafkaEndpoints(options);
    AnomalyJob.define(env, endpoints.costs(), endpoints.anomalies(), options);
    return flink.submit(env);
  }

  /** Windows 30 to 32 cost ten times as much; every third row is JSON, and one is no row. */
  private List<ProducerRecord<byte[], byte[]>> rows(Topics topics, int fromWindow, int toWindow) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    records.add(new ProducerRecord<>(topics.costs(), "no row".getBytes(UTF_8)));
    for (int window = fromWindow; window < toWindow; window++) {
      for (int i = 0; i < REQUESTS; i++) {
        String usd = window >= 30 && window < 33 ? "0.01" : "0.00" + (1 + i % 3);
        CostEvent row = row(START.plusSeconds(60L * window + i), new BigDecimal(usd));
        byte[] value = i % 3 == 0 ? PlainJson.write(row) : avro.encode(row);
        records.add(new ProducerRecord<>(topics.costs(), "acme".getBytes(UTF_8), value));
      }
    }
    return records;
  }

  private static CostEvent row(Instant time, BigDecimal usd) {
    return CostEvent.newBuilder()
        .setKind(CostKind.request)
        .setIsFinal(true)
        .setRequestId("p-0-" + time.getEpochSecond())
        .setTenant("acme")
        .setModel("default")
        .setStatus(RequestStatus.generated)
        .setEventTime(time)
        .setOutputTokens(100)
        .setTotalMs(500L)
        .setTotalUsd(usd)
        .build();
  }
}
