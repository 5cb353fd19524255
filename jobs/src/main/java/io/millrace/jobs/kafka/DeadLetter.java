package io.millrace.jobs.kafka;

/**
 * A prompt that cannot be answered, on its way to the dead-letters topic: the original bytes and
 * why.
 *
 * @param key original key, or null
 * @param value original value, or null
 * @param topic source topic
 * @param partition source partition
 * @param offset source offset
 * @param stage vertex that gave up
 * @param code short machine-readable reason, such as {@code invalid_json}
 * @param message one line for people
 * @param retryable whether the same prompt could succeed later
 */
public record DeadLetter(
    byte[] key,
    byte[] value,
    String topic,
    int partition,
    long offset,
    String stage,
    String code,
    String message,
    boolean retryable) {}
