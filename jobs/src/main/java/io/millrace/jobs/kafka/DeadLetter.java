package io.millrace.jobs.kafka;

import io.millrace.jobs.state.AdmittedPrompt;
import java.nio.ByteBuffer;

/**
 * A prompt that cannot be answered, on its way to the dead-letters topic: the original bytes and
 * why.
 *
 * @param key original key, or null
 * @param value original value, or null
 * @param topic source topic
 * @param partition source partition
 * @param offset source offset
 * @param tenant the record's header, so that the letter can be sent again as it was; or null
 * @param traceparent the record's header, or null
 * @param deadline the record's header, or null
 * @param stage vertex that gave up
 * @param code short machine-readable reason, such as {@code invalid_json}
 * @param message one line for people
 * @param retryable whether the same prompt could succeed later
 * @param replays how often the prompt was sent again before, see {@link Replays}
 */
public record DeadLetter(
    byte[] key,
    byte[] value,
    String topic,
    int partition,
    long offset,
    String tenant,
    String traceparent,
    String deadline,
    String stage,
    String code,
    String message,
    boolean retryable,
    int replays) {

  /** The end of a prompt that was never a dead letter before. */
  public DeadLetter(
      byte[] key,
      byte[] value,
      String topic,
      int partition,
      long offset,
      String tenant,
      String traceparent,
      String deadline,
      String stage,
      String code,
      String message,
      boolean retryable) {
    this(
        key,
        value,
        topic,
        partition,
        offset,
        tenant,
        traceparent,
        deadline,
        stage,
        code,
        message,
        retryable,
        0);
  }

  /** The end of a prompt that was admitted. */
  public static DeadLetter of(
      AdmittedPrompt prompt, String stage, String code, String message, boolean retryable) {
    return new DeadLetter(
        bytes(prompt.getKey()),
        bytes(prompt.getValue()),
        prompt.getTopic(),
        prompt.getPartition(),
        prompt.getOffset(),
        prompt.getTenant(),
        prompt.getTraceparent(),
        prompt.getDeadlineMs() == null ? null : Long.toString(prompt.getDeadlineMs()),
        stage,
        code,
        message,
        retryable,
        prompt.getReplays());
  }

  private static byte[] bytes(ByteBuffer buffer) {
    if (buffer == null) {
      return null;
    }
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
