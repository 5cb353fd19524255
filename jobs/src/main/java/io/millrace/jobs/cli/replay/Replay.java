package io.millrace.jobs.cli.replay;

import io.millrace.jobs.cli.events.UnreadableEventException;
import io.millrace.jobs.kafka.KafkaConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends dead letters of one kind again, each at most once.
 *
 * <p>What was sent is remembered as the offsets of a consumer group, one group for each kind. They
 * are committed in the transaction that the prompts are written in: a run that ends half way has
 * sent what it remembers, and no more. A run takes over the transactional id of the kind before it
 * reads those offsets; one that still goes on is fenced, and its open transaction aborted.
 *
 * <p>Letters that come while it runs are left to the next one: a prompt that fails at once is not
 * chased.
 */
public final class Replay implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration STALL_MAX = Duration.ofMinutes(1);
  private static final int FETCH_BYTES_MAX = 8 << 20;

  /** Whatever a broker takes; its own limit decides. */
  private static final int REQUEST_BYTES_MAX = 100 << 20;

  /** Of dead letters, as their header {@code millrace.error.kind} says. */
  public enum Kind {
    RETRYABLE,
    TERMINAL;

    String header() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * What a run did.
   *
   * @param sent letters that were sent again, or would be
   * @param expired those of them whose deadline has passed: they will be answered so
   * @param givenUp letters that were sent again as often as allowed
   * @param gone letters without bytes, whose prompt its topic no longer holds
   * @param unreadable records that are no dead letters
   */
  public record Outcome(long sent, long expired, long givenUp, long gone, long unreadable) {
    Outcome plus(Outcome other) {
      return new Outcome(
          sent + other.sent,
          expired + other.expired,
          givenUp + other.givenUp,
          gone + other.gone,
          unreadable + other.unreadable);
    }
  }

  private static final Outcome NOTHING = new Outcome(0, 0, 0, 0, 0);

  private final String promptsTopic;
  private final Kind kind;
  private final int replaysMax;
  private final LongSupplier epochMillis;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final List<TopicPartition> partitions;
  private final int promptPartitions;
  private final Originals originals;

  /** Null in a dry run. */
  private final KafkaProducer<byte[], byte[]> producer;

  /**
   * @param deadLettersTopic where the letters are
   * @param promptsTopic where the prompts go
   * @param replaysMax letters that were sent again so often are left
   * @param dryRun whether nothing is to be sent, nor remembered
   */
  public Replay(
      KafkaConnection connection,
      String deadLettersTopic,
      String promptsTopic,
      Kind kind,
      int replaysMax,
      boolean dryRun,
      LongSupplier epochMillis) {
    this.promptsTopic = promptsTopic;
    this.kind = kind;
    this.replaysMax = replaysMax;
    this.epochMillis = epochMillis;
    this.consumer = consumer(connection, "millrace-replay-" + kind.header());
    this.originals = new Originals(connection);
    this.producer =
        dryRun ? null : producer(connection, deadLettersTopic + "-replay-" + kind.header());
    this.partitions =
        consumer.partitionsFor(deadLettersTopic).stream()
            .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
            .toList();
    this.promptPartitions = consumer.partitionsFor(promptsTopic).size();
  }

  /**
   * Sends every letter of the kind that is there now and was not sent before.
   *
   * @param replayed gets each letter as a line of JSON, once it is committed
   * @throws IOException in one line, when the broker does not do its part, or another run has taken
   *     over; what was told of is sent
   */
  public Outcome run(Consumer<String> replayed) throws IOException {
    try {
      if (producer != null) {
        producer.initTransactions();
      }
      Map<TopicPartition, Long> ends = begin();
      Outcome all = NOTHING;
      long progress = System.nanoTime();
      while (!reached(ends)) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
        if (!records.isEmpty()) {
          all = all.plus(replay(records, ends, replayed));
          progress = System.nanoTime();
        } else if (System.nanoTime() - progress > STALL_MAX.toNanos()) {
          throw new IOException("the broker gave no records for " + STALL_MAX.toSeconds() + " s");
        }
      }
      return all;
    } catch (ProducerFencedException | InvalidProducerEpochException e) {
      throw new IOException("another replay has begun and goes on from where this one was", e);
    }
  }

  /** Goes to where the last run of this kind ended; returns where this one is to end. */
  private Map<TopicPartition, Long> begin() {
    consumer.assign(partitions);
    Map<TopicPartition, OffsetAndMetadata> done =
        consumer.committed(java.util.Set.copyOf(partitions));
    Map<TopicPartition, Long> first = consumer.beginningOffsets(partitions);
    Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
    for (TopicPartition partition : partitions) {
      OffsetAndMetadata committed = done.get(partition);
      long from = committed == null ? 0 : committed.offset();
      consumer.seek(partition, Math.min(ends.get(partition), Math.max(from, first.get(partition))));
    }
    return ends;
  }

  private boolean reached(Map<TopicPartition, Long> ends) {
    return partitions.stream()
        .allMatch(partition -> consumer.position(partition) >= ends.get(partition));
  }

  /** One transaction: the letters of a poll, and how far that was. */
  private Outcome replay(
      ConsumerRecords<byte[], byte[]> records,
      Map<TopicPartition, Long> ends,
      Consumer<String> replayed)
      throws IOException {
    Map<TopicPartition, OffsetAndMetadata> done = new HashMap<>();
    List<ProducerRecord<byte[], byte[]>> again = new ArrayList<>();
    List<String> lines = new ArrayList<>();
    Outcome outcome = NOTHING;
    for (ConsumerRecord<byte[], byte[]> record : records) {
      TopicPartition partition = new TopicPartition(record.topic(), record.partition());
      if (record.offset() < ends.get(partition)) {
        done.put(partition, new OffsetAndMetadata(record.offset() + 1));
        outcome = outcome.plus(judge(record, again, lines));
      }
    }
    if (producer != null && !done.isEmpty()) {
      send(again, done);
    }
    lines.forEach(replayed);
    return outcome;
  }

  private Outcome judge(
      ConsumerRecord<byte[], byte[]> record,
      List<ProducerRecord<byte[], byte[]>> again,
      List<String> lines) {
    Letter letter;
    try {
      letter = Letter.of(record);
    } catch (UnreadableEventException e) {
      return new Outcome(0, 0, 0, 0, 1);
    }
    if (!kind.header().equals(letter.event().kind())) {
      return NOTHING;
    }
    if (letter.replays() >= replaysMax) {
      return new Outcome(0, 0, 1, 0, 0);
    }
    ConsumerRecord<byte[], byte[]> original = letter.omitted() ? originals.find(letter) : record;
    if (original == null) {
      return new Outcome(0, 0, 0, 1, 0);
    }
    again.add(letter.again(original, promptsTopic, promptPartitions));
    lines.add(letter.event().toJson());
    return new Outcome(1, letter.expired(epochMillis.getAsLong()) ? 1 : 0, 0, 0, 0);
  }

  private void send(
      List<ProducerRecord<byte[], byte[]>> again, Map<TopicPartition, OffsetAndMetadata> done)
      throws IOException {
    producer.beginTransaction();
    List<Future<?>> acknowledgements = new ArrayList<>(again.size());
    again.forEach(record -> acknowledgements.add(producer.send(record)));
    producer.sendOffsetsToTransaction(done, consumer.groupMetadata());
    try {
      producer.flush();
      for (Future<?> acknowledgement : acknowledgements) {
        acknowledgement.get();
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ProducerFencedException fenced) {
        throw fenced;
      }
      producer.abortTransaction();
      throw new IOException("a prompt cannot be sent: " + e.getCause().getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    producer.commitTransaction();
  }

  private static KafkaConsumer<byte[], byte[]> consumer(KafkaConnection connection, String group) {
    return new KafkaConsumer<>(
        connection.with(
            Map.of(
                ConsumerConfig.GROUP_ID_CONFIG,
                group,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed",
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

  private static KafkaProducer<byte[], byte[]> producer(KafkaConnection connection, String id) {
    return new KafkaProducer<>(
        connection.with(
            Map.of(
                ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                id,
                // A prompt that came compressed may not fit its topic otherwise.
                ProducerConfig.COMPRESSION_TYPE_CONFIG,
                "gzip",
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                REQUEST_BYTES_MAX,
                ProducerConfig.BUFFER_MEMORY_CONFIG,
                2L * REQUEST_BYTES_MAX)),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  /** Leaves nothing open on the broker. */
  @Override
  public void close() {
    if (producer != null) {
      producer.close(Duration.ofSeconds(5));
    }
    originals.close();
    consumer.close();
  }
}
