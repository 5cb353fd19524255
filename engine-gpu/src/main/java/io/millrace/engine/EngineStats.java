package io.millrace.engine;

/**
 * An engine's load: gauges of the moment, and counters since it was opened.
 *
 * @param running sequences in the batch
 * @param waiting requests queued
 * @param kvBlocksUsed KV blocks held by sequences
 * @param kvBlocksTotal KV blocks in the pool
 * @param steps steps run
 * @param promptTokens prompt tokens computed
 * @param outputTokens tokens generated
 * @param preemptions sequences that gave up their blocks and were computed again
 * @param busyNanos time spent in steps, nanoseconds
 */
public record EngineStats(
    int running,
    int waiting,
    int kvBlocksUsed,
    int kvBlocksTotal,
    long steps,
    long promptTokens,
    long outputTokens,
    long preemptions,
    long busyNanos) {}
