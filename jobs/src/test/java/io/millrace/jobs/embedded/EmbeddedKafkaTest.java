package io.millrace.jobs.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedKafkaTest {

  @TempDir Path directory;

  @Test
  void keepsDataAndOffsetsOverRestart() throws Exception {
    int port;
    try (EmbeddedKafka kafka = EmbeddedKafka.start(directory, 0)) {
      port = kafka.port();
      kafka.topics().create(Map.of("numbers", 2), Map.of("max.message.bytes", "2000000"));
      try (var producer = KafkaClients.producer(kafka.bootstrapServers())) {
        for (int i = 0; i < 10; i++) {
          producer.send(new ProducerRecord<>("numbers", "k" + i, "v" + i)).get();
        }
      }
      try (var consumer = KafkaClients.consumer(kafka.bootstrapServers(), "readers", 4)) {
        consumer.subscribe(List.of("numbers"));
        assertThat(KafkaClients.read(consumer, 4)).hasSize(4);
        consumer.commitSync();
      }
    }

    try (EmbeddedKafka kafka = EmbeddedKafka.start(directory, port)) {
      assertThat(kafka.port()).isEqualTo(port);
      assertThat(kafka.topics().names()).containsExactly("numbers");
      try (var consumer = KafkaClients.consumer(kafka.bootstrapServers(), "readers", 100)) {
        consumer.subscribe(List.of("numbers"));
        assertThat(KafkaClients.read(consumer, 6)).hasSize(6);
      }
      try (var consumer = KafkaClients.consumer(kafka.bootstrapServers(), "others", 100)) {
        consumer.subscribe(List.of("numbers"));
        assertThat(KafkaClients.read(consumer, 10))
            .extracting(ConsumerRecord::value)
            .containsExactlyInAnyOrder("v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9");
      }
    }
  }

  @Test
  void createsTopicsOnceAndUpdatesTheirSettings() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start(directory, 0)) {
      String large = "x".repeat(1_500_000);
      kafka.topics().create(Map.of("a", 1));
      kafka.topics().create(Map.of("a", 1, "b", 3), Map.of("max.message.bytes", "2000000"));
      assertThat(kafka.topics().names()).containsExactlyInAnyOrder("a", "b");
      try (var producer = KafkaClients.producer(kafka.bootstrapServers())) {
        assertThat(producer.partitionsFor("b")).hasSize(3);
        assertThat(producer.send(new ProducerRecord<>("a", large)).get().offset()).isZero();
      }
      assertThatThrownBy(() -> kafka.topics().create(Map.of("no spaces", 1)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("cannot create topic no spaces");
    }
  }

  /** A producer whose first batch is refused, and whose second is not, would wait in vain. */
  @Test
  void newTopicsTakeRecordsAtOnce() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start(directory, 0);
        var producer =
            new KafkaProducer<>(
                Map.of(
                    "bootstrap.servers",
                    kafka.bootstrapServers(),
                    "enable.idempotence",
                    false,
                    "retries",
                    0),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
      List<Future<RecordMetadata>> sent = new ArrayList<>();
      for (int round = 0; round < 10; round++) {
        Map<String, Integer> topics = new HashMap<>();
        for (int i = 0; i < 20; i++) {
          topics.put("new-" + round + "-" + i, 1);
        }
        kafka.topics().create(topics);
        topics
            .keySet()
            .forEach(topic -> sent.add(producer.send(new ProducerRecord<>(topic, new byte[1]))));
        producer.flush();
      }
      for (Future<RecordMetadata> record : sent) {
        assertThat(record.get().offset()).isZero();
      }
    }
  }

  /** What the limit of prompts relies on: compressed, ten megabytes pass as ten kilobytes. */
  @Test
  void limitsWhatARecordHoldsAndNotWhatItWasCompressedTo() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start(directory, 0)) {
      Map<String, String> limit = Map.of("max.message.bytes", "1000000");
      kafka.topics().create(Map.of("compressed", 1), limit);
      kafka
          .topics()
          .create(
              Map.of("bounded", 1),
              Map.of("max.message.bytes", "1000000", "compression.type", "uncompressed"));
      try (var producer =
          new KafkaProducer<>(
              Map.of(
                  "bootstrap.servers",
                  kafka.bootstrapServers(),
                  "compression.type",
                  "gzip",
                  "max.request.size",
                  20 << 20),
              new ByteArraySerializer(),
              new ByteArraySerializer())) {
        byte[] large = new byte[10 << 20];
        assertThat(producer.send(new ProducerRecord<>("compressed", large)).get().offset())
            .isZero();
        assertThatThrownBy(() -> producer.send(new ProducerRecord<>("bounded", large)).get())
            .hasCauseInstanceOf(RecordTooLargeException.class);
        byte[] small = new byte[900_000];
        assertThat(producer.send(new ProducerRecord<>("bounded", small)).get().offset()).isZero();
      }
    }
  }

  @Test
  void takenPortIsOneClearLine() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = other.getLocalPort();
      assertThatThrownBy(() -> EmbeddedKafka.start(directory, port))
          .isInstanceOf(StartupException.class)
          .hasMessage("port " + port + " is in use; choose another with --kafka-port");
    }
  }

  @Test
  void directoryThatIsAFileIsOneClearLine() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "");
    assertThatThrownBy(() -> EmbeddedKafka.start(file, 0))
        .isInstanceOf(StartupException.class)
        .hasMessage(file + " is not a directory that can be written; choose another with --data");
  }

  @Test
  void directoryInUseIsOneClearLine() {
    try (EmbeddedKafka kafka = EmbeddedKafka.start(directory, 0)) {
      assertThat(kafka.port()).isPositive();
      assertThatThrownBy(() -> EmbeddedKafka.start(directory, 0))
          .isInstanceOf(StartupException.class)
          .hasMessage(
              directory + " is in use by another broker; stop it or choose another with --data");
    }
  }
}
