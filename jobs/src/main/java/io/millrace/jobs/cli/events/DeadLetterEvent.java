package io.millrace.jobs.cli.events;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * One record of the dead-letters topic.
 *
 * @param requestId topic-partition-offset of the prompt
 * @param stage the vertex that gave up
 * @param code short and machine-readable
 * @param message one line for people
 * @param kind terminal or retryable
 */
public record DeadLetterEvent(
    String requestId, String stage, String code, String message, String kind) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * @throws UnreadableEventException when the record has no source
   */
  public static DeadLetterEvent of(ConsumerRecord<byte[], byte[]> record)
      throws UnreadableEventException {
    String topic = Headers.text(record, "__connect.errors.topic");
    String partition = Headers.text(record, "__connect.errors.partition");
    String offset = Headers.text(record, "__connect.errors.offset");
    if (topic == null || partition == null || offset == null) {
      throw new UnreadableEventException("a dead letter without its source", null);
    }
    return new DeadLetterEvent(
        topic + "-" + partition + "-" + offset,
        Headers.text(record, "__connect.errors.stage"),
        Headers.text(record, "__connect.errors.exception.class.name"),
        Headers.text(record, "__connect.errors.exception.message"),
        Headers.text(record, "millrace.error.kind"));
  }

  /** The message, for a record that was a line of a file: which line is the file's to tell. */
  public String messageOnOneLine() {
    return message == null ? code : message.replace(" at line 1, column ", " at column ");
  }

  /** As a line of JSON. */
  public String toJson() {
    return JSON.createObjectNode()
        .put("request_id", requestId)
        .put("stage", stage)
        .put("code", code)
        .put("message", message)
        .put("kind", kind)
        .toString();
  }
}
