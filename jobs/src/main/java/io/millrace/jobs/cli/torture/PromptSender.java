package io.millrace.jobs.cli.torture;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Sends prompts, each once, also while the broker is away for a time. */
final class PromptSender implements AutoCloseable {
  /** Longer than a broker takes to come back, on the busiest machine. */
  private static final int DELIVERED_MILLIS_MAX = 10 * 60 * 1000;

  private final KafkaProducer<byte[], byte[]> producer;
  private final String topic;
  private final int partitions;
  private final Set<String> requestIds = ConcurrentHashMap.newKeySet();
  private final AtomicReference<Exception> failure = new AtomicReference<>();
  private int sent;

  PromptSender(String bootstrapServers, String topic, int partitions) {
    this.topic = topic;
    this.partitions = partitions;
    this.producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                true,
                // With more of them, batches that a topic just made refused, for want of a leader,
                // can leave the client with sequence numbers that the broker never takes (4.2.2).
                ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION,
                1,
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                DELIVERED_MILLIS_MAX,
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                DELIVERED_MILLIS_MAX),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  /** Hands a prompt over; the same prompts in the same order go to the same partitions. */
  void send(Workload.Prompt prompt) {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(topic, sent++ % partitions, null, prompt.line());
    record
        .headers()
        .add("tenant", prompt.tenant().getBytes(java.nio.charset.StandardCharsets.UTF_8));
    var unused =
        producer.send(
            record,
            (metadata, e) -> {
              if (e != null) {
                failure.compareAndSet(null, e);
              } else {
                requestIds.add(topic + "-" + metadata.partition() + "-" + metadata.offset());
              }
            });
  }

  int sent() {
    return sent;
  }

  /**
   * The ids under which the prompts are answered, once the broker has them all.
   *
   * @throws IllegalStateException if a prompt could not be sent
   */
  Set<String> requestIds() {
    producer.flush();
    Exception failed = failure.get();
    if (failed != null) {
      throw new IllegalStateException("a prompt could not be sent: " + failed, failed);
    }
    return Set.copyOf(requestIds);
  }

  @Override
  public void close() {
    producer.close(java.time.Duration.ZERO);
  }
}
