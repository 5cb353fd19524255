package io.millrace.engine.bench;

import io.millrace.engine.Engine;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.RequestRejectedException;
import io.millrace.engine.SamplingParams;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

/** Requests of known lengths through a whole engine: scheduler, steps, sampling, text. */
final class EngineRun {
  static final int PROMPT_MAX = 512;
  static final int OUTPUT_MAX = 256;
  private static final int PROMPT_MIN = 32;
  private static final int OUTPUT_MIN = 16;

  private final Engine engine;
  private final int vocabSize;
  private final LongSupplier nanoClock;
  private int submitted;

  EngineRun(Engine engine, int vocabSize, LongSupplier nanoClock) {
    this.engine = engine;
    this.vocabSize = vocabSize;
    this.nanoClock = nanoClock;
  }

  /** Tokens of the prompt of a request of a mixed load; gpu-check/peer.py has the same. */
  static int promptTokens(int request) {
    return PROMPT_MIN + (int) (7_919L * request % (PROMPT_MAX - PROMPT_MIN + 1));
  }

  /** Tokens of its answer. */
  static int outputTokens(int request) {
    return OUTPUT_MIN + (int) (104_729L * request % (OUTPUT_MAX - OUTPUT_MIN + 1));
  }

  /**
   * Submits a mixed load at once and runs it to its end.
   *
   * @return output tokens per second, of all requests
   */
  double tokensPerSecond(int requests) {
    long start = nanoClock.getAsLong();
    long tokens = 0;
    for (int i = 0; i < requests; i++) {
      submit(promptTokens(i), outputTokens(i));
    }
    while (engine.hasWork()) {
      for (GenerationUpdate update : step()) {
        tokens += update.tokens().size();
      }
    }
    return 1e9 * tokens / (nanoClock.getAsLong() - start);
  }

  /**
   * Runs sequences of one length side by side.
   *
   * @return nanoseconds of a step in which all of them decode, the median
   */
  double stepNanos(int sequences, int promptTokens, int outputTokens) {
    for (int i = 0; i < sequences; i++) {
      submit(promptTokens, outputTokens);
    }
    Set<String> begun = new HashSet<>();
    long[] nanos = new long[outputTokens];
    int steps = 0;
    while (engine.hasWork()) {
      boolean all = begun.size() == sequences;
      long start = nanoClock.getAsLong();
      List<GenerationUpdate> updates = step();
      long took = nanoClock.getAsLong() - start;
      boolean ended = updates.stream().anyMatch(update -> update.finishReason() != null);
      if (all && !ended) {
        nanos[steps++] = took;
      }
      updates.stream()
          .filter(update -> !update.tokens().isEmpty())
          .forEach(update -> begun.add(update.requestId()));
    }
    Arrays.sort(nanos, 0, steps);
    return steps == 0 ? Double.NaN : nanos[steps / 2];
  }

  private List<GenerationUpdate> step() {
    List<GenerationUpdate> updates = engine.step();
    for (GenerationUpdate update : updates) {
      if (update.error() != null) {
        throw new IllegalStateException(update.error());
      }
    }
    return updates;
  }

  private void submit(int promptTokens, int outputTokens) {
    int id = submitted++;
    int[] prompt = new int[promptTokens];
    for (int i = 0; i < promptTokens; i++) {
      prompt[i] = (int) ((1_000_003L * id + 7_919L * i) % vocabSize);
    }
    SamplingParams greedy = new SamplingParams(0, 0, 1, 0, 1, 0, outputTokens, List.of(), -1, true);
    try {
      engine.submit(new GenerationRequest("bench-" + id, prompt, greedy));
    } catch (RequestRejectedException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }
}
