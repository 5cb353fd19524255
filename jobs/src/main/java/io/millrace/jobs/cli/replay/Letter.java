package io.millrace.jobs.cli.replay;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.millrace.jobs.cli.events.DeadLetterEvent;
import io.millrace.jobs.cli.events.UnreadableEventException;
import io.millrace.jobs.kafka.Replays;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * A dead letter, as replay looks at it.
 *
 * @param event what went wrong
 * @param record the letter as it stands in its topic
 * @param source partition that the prompt came from
 * @param offset the prompt's offset there
 * @param replays how often the prompt was sent again before it became this letter
 * @param omitted whether the letter only says where the prompt's bytes are
 */
record Letter(
    DeadLetterEvent event,
    ConsumerRecord<byte[], byte[]> record,
    TopicPartition source,
    long offset,
    int replays,
    boolean omitted) {

  /** The headers of a prompt. */
  private static final List<String> PROMPT_HEADERS = List.of("tenant", "traceparent", "deadline");

  /**
   * @throws UnreadableEventException when the record does not say where its prompt came from
   */
  static Letter of(ConsumerRecord<byte[], byte[]> record) throws UnreadableEventException {
    DeadLetterEvent event = DeadLetterEvent.of(record);
    Headers headers = record.headers();
    try {
      return new Letter(
          event,
          record,
          new TopicPartition(
              text(headers, "__connect.errors.topic"),
              Integer.parseInt(text(headers, "__connect.errors.partition"))),
          Long.parseLong(text(headers, "__connect.errors.offset")),
          Replays.count(headers),
          headers.lastHeader("millrace.value.omitted") != null);
    } catch (NumberFormatException e) {
      throw new UnreadableEventException("a dead letter whose source is no position", e);
    }
  }

  /** Whether the prompt's own time is over, so that its answer will only say so. */
  boolean expired(long nowMs) {
    String deadline = text(record.headers(), "deadline");
    try {
      return deadline != null && Long.parseLong(deadline.trim()) <= nowMs;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  /**
   * The prompt as it was, counted as one replay more.
   *
   * @param original the record that holds its key, value and headers: the letter, or its source
   * @param topic where it goes
   * @param partitions how many that has; the prompt goes to the one it came from, if it is there
   */
  ProducerRecord<byte[], byte[]> again(
      ConsumerRecord<byte[], byte[]> original, String topic, int partitions) {
    Integer partition = source.partition() < partitions ? source.partition() : null;
    ProducerRecord<byte[], byte[]> again =
        new ProducerRecord<>(topic, partition, original.key(), original.value());
    for (String name : PROMPT_HEADERS) {
      Header header = original.headers().lastHeader(name);
      if (header != null) {
        again.headers().add(header);
      }
    }
    Replays.put(again.headers(), replays + 1);
    return again;
  }

  private static String text(Headers headers, String name) {
    Header header = headers.lastHeader(name);
    return header == null || header.value() == null ? null : new String(header.value(), UTF_8);
  }
}
