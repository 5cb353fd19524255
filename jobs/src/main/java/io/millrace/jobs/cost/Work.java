package io.millrace.jobs.cost;

/**
 * What was done for a prompt.
 *
 * @param prefillNanos device time of the prompt's computation, nanoseconds
 * @param decodeNanos device time of the answer's
 * @param freshTokens prompt tokens computed
 * @param cachedTokens prompt tokens that a prefix cache held
 * @param outputTokens tokens generated
 * @param savedNanos device time that drafts spared, nanoseconds; negative where they cost more
 */
public record Work(
    long prefillNanos,
    long decodeNanos,
    long freshTokens,
    long cachedTokens,
    long outputTokens,
    long savedNanos) {}
