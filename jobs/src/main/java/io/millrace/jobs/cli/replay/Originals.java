package io.millrace.jobs.cli.replay;

import io.millrace.jobs.kafka.KafkaConnection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Finds prompts where they came from: those that were too large for their dead letters. */
final class Originals implements AutoCloseable {
  private static final Duration READ_MAX = Duration.ofSeconds(10);

  private final KafkaConsumer<byte[], byte[]> consumer;

  Originals(KafkaConnection connection) {
    consumer =
        new KafkaConsumer<>(
            connection.with(
                Map.of(
                    ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                    "read_committed",
                    ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                    false,
                    ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                    false,
                    ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                    1)),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
  }

  /** The prompt's record, or null if the topic no longer holds it. */
  ConsumerRecord<byte[], byte[]> find(Letter letter) {
    var partition = letter.source();
    consumer.assign(List.of(partition));
    Map<?, Long> first = consumer.beginningOffsets(List.of(partition));
    Map<?, Long> end = consumer.endOffsets(List.of(partition));
    if (letter.offset() < first.get(partition) || letter.offset() >= end.get(partition)) {
      return null;
    }
    consumer.seek(partition, letter.offset());
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(READ_MAX)) {
      return record.offset() == letter.offset() ? record : null;
    }
    return null;
  }

  @Override
  public void close() {
    consumer.close();
  }
}
