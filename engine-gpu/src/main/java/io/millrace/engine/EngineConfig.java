package io.millrace.engine;

/**
 * Every limit of a local engine.
 *
 * @param sequencesMax sequences in the batch at once
 * @param stepTokensMax tokens computed in one step, prompt chunks and decodes together; at least
 *     {@code sequencesMax}
 * @param waitingMax requests queued at once; a preempted one waits in the same queue, and is let in
 *     when it is full
 * @param kvBlocks KV blocks in the pool
 * @param blockTokens tokens in one KV block
 * @param contextTokensMax prompt and output of one sequence together, tokens; bounded by the
 *     model's own context as well
 * @param threads threads that compute
 * @param prefixCache whether sequences that begin alike share the blocks of their beginning
 * @param overtakesMax how often others may join the batch before the sequence that has waited
 *     longest, until it is its turn whatever its priority and tenant; 0 is strict order of arrival
 * @param speculation whether and how tokens are drafted
 */
public record EngineConfig(
    int sequencesMax,
    int stepTokensMax,
    int waitingMax,
    int kvBlocks,
    int blockTokens,
    int contextTokensMax,
    int threads,
    boolean prefixCache,
    int overtakesMax,
    Speculation speculation) {

  /** Where nothing else is said: who has waited longest joins as one of 33 at the latest. */
  public static final int OVERTAKES_MAX = 32;

  /**
   * @throws IllegalArgumentException naming the component that is out of range
   */
  public EngineConfig {
    atLeast("sequencesMax", sequencesMax, 1);
    atLeast("stepTokensMax", stepTokensMax, sequencesMax);
    atLeast("waitingMax", waitingMax, 1);
    atLeast("kvBlocks", kvBlocks, 1);
    atLeast("blockTokens", blockTokens, 1);
    atLeast("contextTokensMax", contextTokensMax, 2);
    atLeast("threads", threads, 1);
    atLeast("overtakesMax", overtakesMax, 0);
  }

  /** Without speculation. */
  public EngineConfig(
      int sequencesMax,
      int stepTokensMax,
      int waitingMax,
      int kvBlocks,
      int blockTokens,
      int contextTokensMax,
      int threads,
      boolean prefixCache,
      int overtakesMax) {
    this(
        sequencesMax,
        stepTokensMax,
        waitingMax,
        kvBlocks,
        blockTokens,
        contextTokensMax,
        threads,
        prefixCache,
        overtakesMax,
        Speculation.OFF);
  }

  /** With the usual bound on overtaking, without speculation. */
  public EngineConfig(
      int sequencesMax,
      int stepTokensMax,
      int waitingMax,
      int kvBlocks,
      int blockTokens,
      int contextTokensMax,
      int threads,
      boolean prefixCache) {
    this(
        sequencesMax,
        stepTokensMax,
        waitingMax,
        kvBlocks,
        blockTokens,
        contextTokensMax,
        threads,
        prefixCache,
        OVERTAKES_MAX);
  }

  /** The same limits with another speculation. */
  public EngineConfig with(Speculation other) {
    return new EngineConfig(
        sequencesMax,
        stepTokensMax,
        waitingMax,
        kvBlocks,
        blockTokens,
        contextTokensMax,
        threads,
        prefixCache,
        overtakesMax,
        other);
  }

  /** With the prefix cache on, without speculation. */
  public EngineConfig(
      int sequencesMax,
      int stepTokensMax,
      int waitingMax,
      int kvBlocks,
      int blockTokens,
      int contextTokensMax,
      int threads) {
    this(
        sequencesMax,
        stepTokensMax,
        waitingMax,
        kvBlocks,
        blockTokens,
        contextTokensMax,
        threads,
        true);
  }

  private static void atLeast(String name, int value, int min) {
    if (value < min) {
      throw new IllegalArgumentException(name + " is " + value + ", must be at least " + min);
    }
  }
}
