package io.millrace.jobs.testing;

import static org.assertj.core.api.Assertions.fail;

import io.millrace.jobs.kafka.KafkaConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Records of topics, as bytes: what is sent, and what a read_committed reader sees. */
public final class TopicRecords {
  private static final Duration MAX = Duration.ofSeconds(60);

  private final KafkaConnection connection;

  public TopicRecords(String bootstrapServers) {
    this(KafkaConnection.plaintext(bootstrapServers));
  }

  public TopicRecords(KafkaConnection connection) {
    this.connection = connection;
  }

  /** Sends records and waits until all are acknowledged. */
  public void send(List<ProducerRecord<byte[], byte[]>> records)
      throws ExecutionException, InterruptedException {
    List<Future<?>> acknowledgements = new ArrayList<>();
    try (var producer =
        new KafkaProducer<>(
            connection.with(Map.of("max.request.size", 4_000_000)),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      records.forEach(record -> acknowledgements.add(producer.send(record)));
    }
    for (Future<?> acknowledgement : acknowledgements) {
      acknowledgement.get();
    }
  }

  /** Everything that is committed in a topic of one partition now. */
  public List<ConsumerRecord<byte[], byte[]>> committed(String topic) {
    return read(topic, 0, 0);
  }

  /** Waits until so many records are committed; returns all. */
  public List<ConsumerRecord<byte[], byte[]>> await(String topic, int count) {
    return read(topic, 0, count);
  }

  /** Waits until so many records are committed in a partition; returns all that it has. */
  public List<ConsumerRecord<byte[], byte[]>> await(String topic, int partition, int count) {
    return read(topic, partition, count);
  }

  private List<ConsumerRecord<byte[], byte[]>> read(String topic, int number, int count) {
    TopicPartition partition = new TopicPartition(topic, number);
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(
            connection.with(Map.of("isolation.level", "read_committed")),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      long begin = System.nanoTime();
      while (records.size() < count || consumer.position(partition) < end) {
        if (System.nanoTime() - begin > MAX.toNanos()) {
          fail("%d of %d records of %s after 60 s", records.size(), count, topic);
        }
        consumer.poll(Duration.ofMillis(100)).forEach(records::add);
      }
    }
    return records;
  }
}
