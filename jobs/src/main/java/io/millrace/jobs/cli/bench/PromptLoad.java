package io.millrace.jobs.cli.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Produces prompts for tenants. No two are equal, so that nothing is answered from the cache. One
 * thread.
 */
final class PromptLoad implements AutoCloseable {
  private static final Duration CLOSE_MAX = Duration.ofSeconds(2);

  /** Goes before all that wait and are of the usual priority, 0. */
  private static final int FIRST = -1;

  private final ObjectMapper mapper = new ObjectMapper();
  private final KafkaProducer<byte[], byte[]> producer;
  private final String topic;
  private final List<String> messages;
  private final AtomicReference<Exception> failure = new AtomicReference<>();
  private long sent;

  /**
   * What is asked for.
   *
   * @param tokensMax of the answer
   * @param regex what the answer must look like, so that it is as long as allowed; null for an
   *     answer that ends where the model ends it
   * @param first whether it goes before those for whom this is false
   */
  record Wanted(int tokensMax, String regex, boolean first) {}

  /**
   * @param messages what the prompts say, in turn
   */
  PromptLoad(String bootstrapServers, String topic, List<String> messages) {
    this.topic = topic;
    this.messages = messages;
    this.producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.ACKS_CONFIG,
                "all"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  void send(String tenant, Wanted wanted) {
    if (failure.get() != null) {
      throw new UncheckedIOException(new IOException("a prompt could not be sent", failure.get()));
    }
    String message = messages.get((int) (sent % messages.size())) + " (" + sent + ")";
    ObjectNode body = mapper.createObjectNode().put("max_tokens", wanted.tokensMax());
    body.withArray("messages").addObject().put("role", "user").put("content", message);
    if (wanted.regex() != null) {
      body.put("guided_regex", wanted.regex());
    }
    if (wanted.first()) {
      body.put("priority", FIRST);
    }
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(topic, body.toString().getBytes(StandardCharsets.UTF_8));
    record.headers().add("tenant", tenant.getBytes(StandardCharsets.UTF_8));
    var unused =
        producer.send(
            record,
            (metadata, e) -> {
              if (e != null) {
                failure.compareAndSet(null, e);
              }
            });
    sent++;
  }

  /** Prompts sent so far. */
  long sent() {
    return sent;
  }

  @Override
  public void close() {
    producer.close(CLOSE_MAX);
  }
}
