package io.millrace.jobs.kafka;

/**
 * A record of the prompts topic as it came: nothing decoded, nothing judged.
 *
 * @param topic source topic
 * @param partition source partition
 * @param offset source offset
 * @param timestampMs the record's own time, epoch milliseconds; negative where it has none
 * @param key its key, or null
 * @param value its value, or null
 * @param tenant header {@code tenant}, or null
 * @param traceparent header {@code traceparent}, or null
 * @param deadline header {@code deadline}, epoch milliseconds as text, or null
 * @param replays how often it was sent again from the dead letters, see {@link Replays}
 */
public record PromptRecord(
    String topic,
    int partition,
    long offset,
    long timestampMs,
    byte[] key,
    byte[] value,
    String tenant,
    String traceparent,
    String deadline,
    int replays) {

  /** A prompt that was never a dead letter. */
  public PromptRecord(
      String topic,
      int partition,
      long offset,
      long timestampMs,
      byte[] key,
      byte[] value,
      String tenant,
      String traceparent,
      String deadline) {
    this(topic, partition, offset, timestampMs, key, value, tenant, traceparent, deadline, 0);
  }

  /** Unique among all prompts, and the same when the record is read again. */
  public String requestId() {
    return topic + "-" + partition + "-" + offset;
  }
}
