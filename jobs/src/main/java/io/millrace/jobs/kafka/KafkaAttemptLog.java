package io.millrace.jobs.kafka;

import io.millrace.engine.remote.Attempt;
import io.millrace.engine.remote.AttemptLog;
import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.MillraceOptions.RecordFormat;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.PlainJson;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.apache.flink.configuration.Configuration;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Calls to remote models on record in the attempts topic, acknowledged by all replicas and outside
 * of any transaction: a record that went away with an aborted one would tell nobody that the call
 * was made. The key is the prompt's request id.
 */
public final class KafkaAttemptLog implements AttemptLog {
  private static final Duration CLOSE_MAX = Duration.ofSeconds(5);

  private final Producer<byte[], byte[]> producer;
  private final String topic;
  private final RecordFormat format;
  private final AvroCodec<io.millrace.schemas.Attempt> avro =
      new AvroCodec<>(io.millrace.schemas.Attempt.class);

  /** A producer's send may block until it knows the topic; whoever records must not. */
  private final ExecutorService sender;

  /** Closes the producer in the end. */
  KafkaAttemptLog(Producer<byte[], byte[]> producer, String topic, RecordFormat format) {
    this.producer = producer;
    this.topic = topic;
    this.format = format;
    this.sender =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "millrace-attempts");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * @throws IllegalArgumentException if no brokers are configured
   */
  public static KafkaAttemptLog open(Configuration options) {
    Map<String, Object> properties =
        KafkaConnection.of(options)
            .with(
                Map.of(
                    ProducerConfig.ACKS_CONFIG,
                    "all",
                    ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                    true,
                    ProducerConfig.MAX_BLOCK_MS_CONFIG,
                    10_000,
                    ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                    10_000,
                    ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                    20_000));
    return new KafkaAttemptLog(
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer()),
        new Topics(options.get(MillraceOptions.TOPIC_PREFIX)).attempts(),
        options.get(MillraceOptions.OUTPUT_FORMAT));
  }

  @Override
  public CompletableFuture<Void> record(Attempt attempt) {
    CompletableFuture<Void> safe = new CompletableFuture<>();
    try {
      sender.execute(() -> send(attempt, safe));
    } catch (RejectedExecutionException e) {
      safe.completeExceptionally(e);
    }
    return safe;
  }

  private void send(Attempt attempt, CompletableFuture<Void> safe) {
    try {
      io.millrace.schemas.Attempt event = event(attempt);
      byte[] value = format == RecordFormat.JSON ? PlainJson.write(event) : avro.encode(event);
      byte[] key = event.getRequestId().getBytes(StandardCharsets.UTF_8);
      var unused =
          producer.send(
              new ProducerRecord<>(topic, key, value),
              (metadata, e) -> {
                if (e == null) {
                  safe.complete(null);
                } else {
                  safe.completeExceptionally(e);
                }
              });
    } catch (RuntimeException e) {
      safe.completeExceptionally(e);
    }
  }

  /** The engine names a choice {@code request-id/choice}. */
  private static io.millrace.schemas.Attempt event(Attempt attempt) {
    int slash = attempt.requestId().lastIndexOf('/');
    return io.millrace.schemas.Attempt.newBuilder()
        .setRequestId(attempt.requestId().substring(0, slash))
        .setChoice(Integer.parseInt(attempt.requestId().substring(slash + 1)))
        .setAttempt(attempt.attempt())
        .setModel(attempt.model())
        .setBackend(attempt.backend())
        .setRemoteModel(attempt.remoteModel())
        .setTime(Instant.ofEpochMilli(attempt.timeMs()))
        .setRequestBytes(attempt.requestBytes())
        .setOutputTokensMax(attempt.outputTokensMax())
        .build();
  }

  @Override
  public void close() {
    sender.shutdownNow();
    producer.close(CLOSE_MAX);
  }
}
