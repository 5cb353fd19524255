package io.millrace.jobs.cli.torture;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads topics from their beginning in a thread of its own, and goes on when the broker comes back.
 * Each record is told once: where a consumer would begin again after a fault, what it reads anew is
 * passed over.
 */
final class TopicFollower implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);

  /** Reads a record, in the follower's thread. */
  @FunctionalInterface
  interface Reader {
    void read(ConsumerRecord<byte[], byte[]> record) throws Exception;
  }

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Reader reader;
  private final Map<TopicPartition, Long> positions = new ConcurrentHashMap<>();
  private final Thread thread;
  private volatile boolean closed;
  private volatile Exception failure;

  /**
   * @param partitions of each topic
   */
  TopicFollower(
      String bootstrapServers,
      Collection<String> topics,
      int partitions,
      IsolationLevel isolation,
      Reader reader) {
    this.reader = reader;
    List<TopicPartition> all = new ArrayList<>();
    for (String topic : topics) {
      for (int i = 0; i < partitions; i++) {
        all.add(new TopicPartition(topic, i));
      }
    }
    consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                isolation.toString().toLowerCase(Locale.ROOT),
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false,
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                5000),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    consumer.assign(all);
    consumer.seekToBeginning(all);
    all.forEach(partition -> positions.put(partition, 0L));
    thread = new Thread(this::run, "follow-" + isolation);
    thread.setDaemon(true);
    thread.start();
  }

  /** How far each partition is read: the offset of the next record, committed or not. */
  Map<TopicPartition, Long> positions() {
    return Map.copyOf(positions);
  }

  /**
   * @throws IllegalStateException if reading has ended with an exception
   */
  void requireRunning() {
    if (failure != null) {
      throw new IllegalStateException("a topic cannot be followed: " + failure, failure);
    }
  }

  private void run() {
    try (consumer) {
      while (!closed) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          TopicPartition partition = new TopicPartition(record.topic(), record.partition());
          if (record.offset() >= positions.get(partition)) {
            positions.put(partition, record.offset() + 1);
            reader.read(record);
          }
        }
        // Past markers of transactions, which are no records.
        for (TopicPartition partition : consumer.assignment()) {
          consumer
              .currentLag(partition)
              .ifPresent(lag -> positions.merge(partition, position(partition), Math::max));
        }
      }
    } catch (WakeupException e) {
      // close() wants the thread to end.
    } catch (Exception e) {
      failure = e;
    }
  }

  /** Known at once: there is a lag, so there is a position. */
  private long position(TopicPartition partition) {
    return consumer.position(partition);
  }

  @Override
  public void close() {
    closed = true;
    consumer.wakeup();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
