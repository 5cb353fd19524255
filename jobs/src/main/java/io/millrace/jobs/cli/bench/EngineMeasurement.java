package io.millrace.jobs.cli.bench;

import io.millrace.engine.Engine;
import io.millrace.engine.EngineConfig;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.LoadedModel;
import io.millrace.engine.RequestRejectedException;
import io.millrace.engine.SamplingParams;
import io.millrace.engine.backend.KvType;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Runs batches of random prompts through an engine and takes the times.
 *
 * <p>Reading ends with the step in which the last prompt's first token is drawn. From there on
 * every step draws a token of each sequence; the rate of writing is that of these steps. A prompt's
 * first token is there when its step ends, counted from the batch's submission.
 */
final class EngineMeasurement {

  /**
   * @param batch sequences at once
   * @param prefillTokensPerSecond prompt tokens of all sequences
   * @param decodeTokensPerSecond output tokens of all sequences
   * @param ttftMs until a sequence's first token, the median of the batch
   * @param peakMb the process's most memory so far, 10^6 bytes
   */
  record Result(
      int batch,
      double prefillTokensPerSecond,
      double decodeTokensPerSecond,
      double ttftMs,
      double peakMb) {}

  private static final int BLOCK_TOKENS = 16;

  /** Prompt tokens in a step, as the jobs' default. */
  private static final int STEP_TOKENS = 512;

  private final LoadedModel model;
  private final int promptTokens;
  private final int outputTokens;
  private final int threads;
  private final KvType kvType;
  private final LongSupplier nanoClock;
  private final Random random = new Random(1);
  private long requests;

  EngineMeasurement(
      LoadedModel model,
      int promptTokens,
      int outputTokens,
      int threads,
      KvType kvType,
      LongSupplier nanoClock) {
    this.model = model;
    this.promptTokens = promptTokens;
    this.outputTokens = outputTokens;
    this.threads = threads;
    this.kvType = kvType;
    this.nanoClock = nanoClock;
  }

  /** One pass's times, nanoseconds. */
  private record Pass(long prefill, long decode, long decodedTokens, long ttft) {}

  /**
   * The median of each measure over the repeats. At least one pass before them is not counted.
   *
   * @param warmUntil time of the clock until which passes are not counted
   */
  Result run(int batch, int repeats, long warmUntil) {
    int blocksEach = (promptTokens + outputTokens) / BLOCK_TOKENS + 1;
    EngineConfig config =
        EngineConfig.of(
                batch,
                Math.max(STEP_TOKENS, batch),
                batch,
                Math.multiplyExact(batch, blocksEach),
                BLOCK_TOKENS,
                promptTokens + outputTokens,
                threads)
            .withPrefixCache(false)
            .withKvType(kvType);
    double[] prefill = new double[repeats];
    double[] decode = new double[repeats];
    double[] ttft = new double[repeats];
    try (Engine engine = model.engine(config)) {
      do {
        pass(engine, batch);
      } while (nanoClock.getAsLong() < warmUntil);
      for (int i = 0; i < repeats; i++) {
        Pass pass = pass(engine, batch);
        prefill[i] = 1e9 * batch * promptTokens / pass.prefill();
        decode[i] = 1e9 * pass.decodedTokens() / pass.decode();
        ttft[i] = pass.ttft() / 1e6;
      }
    }
    return new Result(
        batch, median(prefill), median(decode), median(ttft), ProcessMemory.peakBytes() / 1e6);
  }

  private Pass pass(Engine engine, int batch) {
    long start = nanoClock.getAsLong();
    for (int i = 0; i < batch; i++) {
      submit(engine);
    }
    Set<String> begun = new HashSet<>();
    double[] firsts = new double[batch];
    long prefilled = start;
    long decoded = 0;
    while (engine.hasWork()) {
      List<GenerationUpdate> updates = engine.step();
      long now = nanoClock.getAsLong();
      boolean reading = begun.size() < batch;
      for (GenerationUpdate update : updates) {
        if (update.error() != null) {
          throw new IllegalStateException(update.error());
        }
        if (!update.tokens().isEmpty() && begun.add(update.requestId())) {
          firsts[begun.size() - 1] = now - start;
        }
        decoded += reading ? 0 : update.tokens().size();
      }
      prefilled = reading ? now : prefilled;
    }
    long end = nanoClock.getAsLong();
    return new Pass(prefilled - start, end - prefilled, decoded, (long) median(firsts));
  }

  private void submit(Engine engine) {
    int vocabulary = Math.min(model.config().vocabSize(), model.tokenizer().vocabSize());
    int[] prompt = random.ints(promptTokens, 0, vocabulary).toArray();
    SamplingParams greedy = new SamplingParams(0, 0, 1, 0, 1, 0, outputTokens, List.of(), -1, true);
    try {
      engine.submit(new GenerationRequest("bench-" + requests++, prompt, greedy));
    } catch (RequestRejectedException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  /** Of an even number, the upper of the two in the middle. */
  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
