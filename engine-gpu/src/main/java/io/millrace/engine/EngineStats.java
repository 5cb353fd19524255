package io.millrace.engine;

/**
 * An engine's load: gauges of the moment, and counters since it was opened.
 *
 * @param running sequences in the batch
 * @param waiting requests queued
 * @param kvBlocksUsed KV blocks held by sequences
 * @param kvBlocksCached KV blocks that nobody holds, but that may be found again; the rest is free
 * @param kvBlocksTotal KV blocks in the pool
 * @param steps steps run
 * @param promptTokens prompt tokens computed
 * @param prefixQueryTokens prompt tokens looked up in the prefix cache, once for each request that
 *     joined the batch
 * @param prefixHitTokens how many of them were found and not computed
 * @param outputTokens tokens generated
 * @param preemptions sequences that gave up their blocks and were computed again
 * @param busyNanos time spent in steps, nanoseconds
 * @param drafts what was drafted, and what of it was accepted
 * @param retries calls to a remote model that were made again after one that failed
 * @param rateLimited calls to a remote model that it refused because it had too many (429, 529)
 */
public record EngineStats(
    int running,
    int waiting,
    int kvBlocksUsed,
    int kvBlocksCached,
    int kvBlocksTotal,
    long steps,
    long promptTokens,
    long prefixQueryTokens,
    long prefixHitTokens,
    long outputTokens,
    long preemptions,
    long busyNanos,
    DraftCounts drafts,
    long retries,
    long rateLimited) {

  /** The load of an engine that calls no other. */
  public EngineStats(
      int running,
      int waiting,
      int kvBlocksUsed,
      int kvBlocksCached,
      int kvBlocksTotal,
      long steps,
      long promptTokens,
      long prefixQueryTokens,
      long prefixHitTokens,
      long outputTokens,
      long preemptions,
      long busyNanos,
      DraftCounts drafts) {
    this(
        running,
        waiting,
        kvBlocksUsed,
        kvBlocksCached,
        kvBlocksTotal,
        steps,
        promptTokens,
        prefixQueryTokens,
        prefixHitTokens,
        outputTokens,
        preemptions,
        busyNanos,
        drafts,
        0,
        0);
  }

  /** The load of an engine that drafts nothing. */
  public EngineStats(
      int running,
      int waiting,
      int kvBlocksUsed,
      int kvBlocksCached,
      int kvBlocksTotal,
      long steps,
      long promptTokens,
      long prefixQueryTokens,
      long prefixHitTokens,
      long outputTokens,
      long preemptions,
      long busyNanos) {
    this(
        running,
        waiting,
        kvBlocksUsed,
        kvBlocksCached,
        kvBlocksTotal,
        steps,
        promptTokens,
        prefixQueryTokens,
        prefixHitTokens,
        outputTokens,
        preemptions,
        busyNanos,
        DraftCounts.NONE);
  }

  /** The same, but for how many requests wait: for those who queue some themselves. */
  public EngineStats withWaiting(int requests) {
    return new EngineStats(
        running,
        requests,
        kvBlocksUsed,
        kvBlocksCached,
        kvBlocksTotal,
        steps,
        promptTokens,
        prefixQueryTokens,
        prefixHitTokens,
        outputTokens,
        preemptions,
        busyNanos,
        drafts,
        retries,
        rateLimited);
  }
}
