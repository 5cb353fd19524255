package io.millrace.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Runs made-up prompts through a fresh engine, so that the JVM compiles the kernels before the
 * first real prompt. Without it the first answers of a process take, and so cost, many times what
 * later ones do.
 */
public final class WarmUp {
  private static final int PROMPT_TOKENS = 24;
  private static final int OUTPUT_TOKENS = 8;

  /** Sizes of batches, in turn. Compiled code must know one row and several. */
  private static final int[] BATCHES = {1, 8, 1, 2, 1, 4, 1, 16};

  /** Where even the fastest step takes this long, it is not missing compilation that makes it. */
  private static final long STEP_NANOS_MAX = Duration.ofMillis(500).toNanos();

  /** Steps to look at for that: the first ones of a process are slow for many reasons. */
  private static final int STEPS_MIN = 4;

  private final EngineConfig config;
  private final LongSupplier nanoClock;
  private final long nanosMax;
  private int round;

  /**
   * @param config the engine's
   * @param nanoClock the time in nanoseconds, from any origin
   * @param max about how long it may take
   */
  public WarmUp(EngineConfig config, LongSupplier nanoClock, Duration max) {
    this.config = config;
    this.nanoClock = nanoClock;
    this.nanosMax = max.toNanos();
  }

  /**
   * Alternates single sequences and batches until the time is up. The engine must be idle, and is
   * idle again afterwards.
   *
   * @return steps run
   */
  public int run(Engine engine) {
    long start = nanoClock.getAsLong();
    int steps = 0;
    long fastest = Long.MAX_VALUE;
    boolean goOn = true;
    while (goOn) {
      List<String> ids =
          submit(engine, Math.min(BATCHES[round++ % BATCHES.length], config.sequencesMax()));
      while (goOn && engine.hasWork()) {
        long before = nanoClock.getAsLong();
        engine.step();
        steps++;
        long now = nanoClock.getAsLong();
        fastest = Math.min(fastest, now - before);
        goOn = now - start < nanosMax && (steps < STEPS_MIN || fastest < STEP_NANOS_MAX);
      }
      goOn &= !ids.isEmpty();
      ids.forEach(engine::cancel);
      while (engine.hasWork()) {
        engine.step();
      }
    }
    return steps;
  }

  private List<String> submit(Engine engine, int sequences) {
    int outputTokens = Math.min(OUTPUT_TOKENS, config.contextTokensMax() - 1);
    int promptTokens = Math.min(PROMPT_TOKENS, config.contextTokensMax() - outputTokens);
    SamplingParams sampling =
        new SamplingParams(0, 0, 1, 0, 1, 0, outputTokens, List.of(), -1, true);
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < sequences; i++) {
      String id = "warm-up-" + round + "-" + i;
      try {
        // Token 0 is in every vocabulary.
        engine.submit(new GenerationRequest(id, new int[promptTokens], sampling));
        ids.add(id);
      } catch (RequestRejectedException e) {
        return ids;
      }
    }
    return ids;
  }
}
