package io.millrace.jobs.cli.events;

import io.millrace.jobs.kafka.KafkaConnection;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads every partition of some topics, committed records only, without a consumer group: nothing
 * is left behind on the broker. Not safe for use by several threads.
 */
public final class CommittedReader implements AutoCloseable {
  private static final int FETCH_BYTES_MAX = 8 << 20;

  /** Where reading begins. */
  public enum From {
    BEGINNING,
    NOW
  }

  private final KafkaConsumer<byte[], byte[]> consumer;

  /** Opens the topics, which must exist, on a broker that wants no login. */
  public CommittedReader(String bootstrapServers, Collection<String> topics, From from) {
    this(KafkaConnection.plaintext(bootstrapServers), topics, from);
  }

  /** Opens the topics, which must exist. */
  public CommittedReader(KafkaConnection connection, Collection<String> topics, From from) {
    consumer = consumer(connection, "read_committed");
    try {
      assign(topics, from);
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  /** The offset that the partition's next record will have, committed or not. */
  public static long end(String bootstrapServers, TopicPartition partition) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        consumer(KafkaConnection.plaintext(bootstrapServers), "read_uncommitted")) {
      return consumer.endOffsets(List.of(partition)).get(partition);
    }
  }

  private static KafkaConsumer<byte[], byte[]> consumer(
      KafkaConnection connection, String isolation) {
    return new KafkaConsumer<>(
        connection.with(
            Map.of(
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                isolation,
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false,
                ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG,
                false,
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                ConsumerConfig.FETCH_MAX_BYTES_CONFIG,
                FETCH_BYTES_MAX)),
        new ByteArrayDeserializer(),
        new ByteArrayDeserializer());
  }

  private void assign(Collection<String> topics, From from) {
    List<TopicPartition> partitions =
        topics.stream()
            .flatMap(topic -> consumer.partitionsFor(topic).stream())
            .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
            .toList();
    consumer.assign(partitions);
    if (from == From.BEGINNING) {
      consumer.seekToBeginning(partitions);
    } else {
      consumer.seekToEnd(partitions);
    }
    // Seeking is lazy: only this makes "now" now, and not the time of the first poll.
    partitions.forEach(consumer::position);
  }

  /** The records that are there or come within {@code max}; perhaps none. */
  public Iterable<ConsumerRecord<byte[], byte[]>> poll(Duration max) {
    ConsumerRecords<byte[], byte[]> records = consumer.poll(max);
    return records;
  }

  /** Ends a {@link #poll} of another thread, which then throws a WakeupException. */
  public void wakeup() {
    consumer.wakeup();
  }

  @Override
  public void close() {
    consumer.close();
  }
}
