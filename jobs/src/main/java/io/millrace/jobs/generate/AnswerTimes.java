package io.millrace.jobs.generate;

/**
 * Milliseconds from a prompt's admission until something happened; null where it never did.
 *
 * @param queueMs the first computed step
 * @param firstTokenMs the first token
 * @param totalMs the end
 */
record AnswerTimes(Long queueMs, Long firstTokenMs, Long totalMs) {}
