package io.millrace.engine;

import io.millrace.engine.backend.KvType;
import java.util.Objects;

/**
 * Every limit of a local engine. {@link #of} takes those that depend on the use; the {@code with}
 * methods change the others:
 *
 * <pre>
 * EngineConfig.of(32, 512, 100, 1024, 16, 4096, 8).withPrefixCache(false).withKvType(KvType.INT8)
 * </pre>
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
 * @param kvType what the KV cache keeps of keys and values, a draft model's too; it changes the
 *     answers a little, nothing else but the next does
 * @param deterministic whether an answer's tokens are the same in any company and however its
 *     prompt is cut into chunks. Without, a GPU computes chunks' attention with rounded keys and
 *     values, which is faster; other backends are always deterministic
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
    Speculation speculation,
    KvType kvType,
    boolean deterministic) {

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
    Objects.requireNonNull(speculation, "speculation");
    Objects.requireNonNull(kvType, "kvType");
  }

  /**
   * With the prefix cache, the usual bound on overtaking, float32 keys and values, and
   * deterministic; without speculation.
   */
  public static EngineConfig of(
      int sequencesMax,
      int stepTokensMax,
      int waitingMax,
      int kvBlocks,
      int blockTokens,
      int contextTokensMax,
      int threads) {
    return new EngineConfig(
        sequencesMax,
        stepTokensMax,
        waitingMax,
        kvBlocks,
        blockTokens,
        contextTokensMax,
        threads,
        true,
        OVERTAKES_MAX,
        Speculation.OFF,
        KvType.F32,
        true);
  }

  /** The same with or without the prefix cache. */
  public EngineConfig withPrefixCache(boolean other) {
    return with(other, overtakesMax, speculation, kvType, deterministic);
  }

  /** The same with another bound on overtaking. */
  public EngineConfig withOvertakesMax(int other) {
    return with(prefixCache, other, speculation, kvType, deterministic);
  }

  /** The same with another speculation. */
  public EngineConfig withSpeculation(Speculation other) {
    return with(prefixCache, overtakesMax, other, kvType, deterministic);
  }

  /** The same with another KV cache. */
  public EngineConfig withKvType(KvType other) {
    return with(prefixCache, overtakesMax, speculation, other, deterministic);
  }

  /** The same, deterministic or not. */
  public EngineConfig withDeterministic(boolean other) {
    return with(prefixCache, overtakesMax, speculation, kvType, other);
  }

  private EngineConfig with(
      boolean prefixCache,
      int overtakesMax,
      Speculation speculation,
      KvType kvType,
      boolean deterministic) {
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
        speculation,
        kvType,
        deterministic);
  }

  private static void atLeast(String name, int value, int min) {
    if (value < min) {
      throw new IllegalArgumentException(name + " is " + value + ", must be at least " + min);
    }
  }
}
