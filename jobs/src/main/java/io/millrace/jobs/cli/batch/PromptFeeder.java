package io.millrace.jobs.cli.batch;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Produces a batch's lines in order, from where an earlier run had got to.
 *
 * <p>A record that cannot be written would move all later ones to other offsets, so the producer
 * tries without end, and every acknowledged offset is compared with the one that the plan says.
 */
final class PromptFeeder implements AutoCloseable {
  private static final int BUFFER_BYTES = 32 << 20;
  private static final int OVERHEAD_BYTES = 64 * 1024;

  private final BatchPlan plan;
  private final TopicPartition partition;
  private final long alreadyProduced;
  private final KafkaProducer<byte[], byte[]> producer;
  private final Thread thread;

  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicReference<Exception> failure = new AtomicReference<>();
  private volatile long produced = -1;
  private volatile boolean closed;

  /**
   * @param alreadyProduced records that are in the partition
   */
  PromptFeeder(
      String bootstrapServers,
      TopicPartition partition,
      BatchPlan plan,
      int lineBytesMax,
      long alreadyProduced) {
    this.plan = plan;
    this.partition = partition;
    this.alreadyProduced = alreadyProduced;
    this.producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                true,
                ProducerConfig.ACKS_CONFIG,
                "all",
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                Integer.MAX_VALUE,
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                Long.MAX_VALUE,
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                lineBytesMax + OVERHEAD_BYTES,
                ProducerConfig.BUFFER_MEMORY_CONFIG,
                BUFFER_BYTES),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    this.thread = new Thread(this::run, "millrace-feeder");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Lines that were refused so far. */
  long refused() {
    return refused.get();
  }

  /**
   * Lines that the file has for the topic, or -1 while not all of them are written.
   *
   * @throws IllegalStateException when producing failed
   */
  long produced() {
    Exception failed = failure.get();
    if (failed != null) {
      throw new IllegalStateException("the lines could not be produced", failed);
    }
    return produced >= 0 && alreadyProduced + acknowledged.get() >= produced ? produced : -1;
  }

  private void run() {
    try (plan) {
      long count = 0;
      for (PlannedLine line = plan.next(); line != null && !closed; line = plan.next()) {
        if (line.refused()) {
          refused.incrementAndGet();
          continue;
        }
        count++;
        if (line.sequence() >= alreadyProduced) {
          send(line);
        }
        if (failure.get() != null) {
          return;
        }
      }
      if (count < alreadyProduced) {
        throw new IOException("the topic holds more lines than the file");
      }
      produced = count;
    } catch (IOException | RuntimeException e) {
      failure.compareAndSet(null, e);
    }
  }

  private void send(PlannedLine line) {
    var unused =
        producer.send(
            new ProducerRecord<>(
                partition.topic(), partition.partition(), null, line.line().bytes()),
            (metadata, e) -> {
              if (e != null) {
                failure.compareAndSet(null, e);
              } else if (metadata.offset() != line.sequence()) {
                failure.compareAndSet(
                    null, new IOException("someone else writes to " + partition.topic()));
              } else {
                acknowledged.incrementAndGet();
              }
            });
  }

  /** Gives up what is not written yet. */
  @Override
  public void close() {
    closed = true;
    producer.close(java.time.Duration.ZERO);
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
