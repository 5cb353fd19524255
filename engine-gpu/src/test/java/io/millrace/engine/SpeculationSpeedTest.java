package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.millrace.engine.speculative.DraftModelProposer;
import java.time.Duration;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Whether the length of drafts is chosen well, on a machine whose passes take the time that the
 * shipped pair's were measured to take, by a clock that only they advance.
 */
class SpeculationSpeedTest {
  private static final int[] BATCHES = {1, 2, 4, 8, 16, 32};
  private static final int PROMPT_TOKENS = 60;
  private static final int OUTPUT_TOKENS = 38;

  /** Microseconds by rows, two threads of a Zen 4 shared with others: target, then draft. */
  private static final NavigableMap<Integer, Double> TARGET =
      curve(1, 220, 2, 548, 4, 603, 5, 589, 8, 702, 9, 825, 16, 1420, 32, 2787, 160, 14146);

  private static final NavigableMap<Integer, Double> DRAFT =
      curve(1, 28, 2, 70, 4, 88, 8, 158, 9, 199, 16, 267, 32, 539, 160, 2846);

  /** A processor that does a row in the same time whatever the batch: nothing is to be had. */
  private static final NavigableMap<Integer, Double> PROPORTIONAL =
      curve(1, 200, 2, 400, 160, 32000);

  private long nanos;

  /** Of the latest run, while it decoded: {@link GenerationUpdate#savedNanos}. */
  private long savedNanos;

  @ParameterizedTest
  @CsvSource({
    // errors of the draft: one in so many tokens; least speedup alone and in any batch
    "100, 1.4",
    "3, 0.97",
    "2, 0.97",
  })
  void itIsFasterAloneAndNeverSlowerInABatch(int errorEvery, double alone) throws Exception {
    for (int batch : BATCHES) {
      double speedup = speedup(TARGET, errorEvery, batch);
      assertThat(speedup).as("batch %d", batch).isGreaterThanOrEqualTo(batch == 1 ? alone : 0.97);
    }
  }

  @ParameterizedTest
  @CsvSource({"100", "2"})
  void whereEveryRowHasItsPriceNothingIsLost(int errorEvery) throws Exception {
    for (int batch : BATCHES) {
      double speedup = speedup(PROPORTIONAL, errorEvery, batch);
      assertThat(speedup).as("batch %d", batch).isBetween(0.97, 1.05);
    }
  }

  @ParameterizedTest
  @CsvSource({"100, 1", "100, 2", "100, 8", "3, 1", "2, 1"})
  void whatStepsSayTheySavedIsWhatWasSaved(int errorEvery, int batch) throws Exception {
    Speculation drafting = Speculation.adaptive(Speculation.Method.DRAFT_MODEL, 12);
    long without = decodeNanos(TARGET, Speculation.OFF, errorEvery, batch);
    assertThat(savedNanos).isZero();
    long with = decodeNanos(TARGET, drafting, errorEvery, batch);
    assertThat((double) savedNanos).isCloseTo((double) (without - with), within(0.02 * without));
  }

  private double speedup(NavigableMap<Integer, Double> target, int errorEvery, int batch)
      throws Exception {
    Speculation drafting = Speculation.adaptive(Speculation.Method.DRAFT_MODEL, 12);
    long without = decodeNanos(target, Speculation.OFF, errorEvery, batch);
    long with = decodeNanos(target, drafting, errorEvery, batch);
    return (double) without / with;
  }

  /** Time from the first token of a batch's last sequence to its end, over a few batches. */
  private long decodeNanos(
      NavigableMap<Integer, Double> target, Speculation speculation, int errorEvery, int batch)
      throws Exception {
    EngineConfig config =
        EngineConfig.of(32, 512, 100, 400, 16, 200, 1)
            .withPrefixCache(false)
            .withSpeculation(speculation);
    Random noise = new Random(batch);
    IntToLongFunction targetNanos = rows -> nanos(target, rows, noise);
    IntToLongFunction draftNanos = rows -> nanos(DRAFT, rows, noise);
    DraftModelProposer proposer =
        new DraftModelProposer(
            new TimedModel(new FakeModel(400, 16), draftNanos, this::pass, errorEvery),
            new FakeTokenizer(),
            FakeModel.VOCAB_SIZE,
            512,
            () -> nanos);
    long decode = 0;
    savedNanos = 0;
    try (LocalEngine engine =
        new LocalEngine(
            new TimedModel(new FakeModel(400, 16), targetNanos, this::pass, 0),
            new FakeTokenizer(),
            config,
            () -> nanos,
            () -> 0,
            proposer)) {
      new WarmUp(config, () -> nanos, Duration.ofSeconds(1)).run(engine);
      engine.calibrate(Duration.ofSeconds(1));
      noise.setSeed(batch); // the same for both, whatever was measured before
      Random prompts = new Random(7);
      for (int round = 0; round < 12; round++) {
        for (int i = 0; i < batch; i++) {
          int[] prompt = prompts.ints(PROMPT_TOKENS, 1, FakeModel.VOCAB_SIZE).toArray();
          SamplingParams sampling =
              new SamplingParams(0, 0, 1, 0, 1, 0, OUTPUT_TOKENS, List.of(), -1, true);
          engine.submit(new GenerationRequest("r" + i, prompt, sampling));
        }
        int first = 0;
        while (first < batch) {
          for (GenerationUpdate update : engine.step()) {
            first += update.tokens().isEmpty() ? 0 : 1;
          }
        }
        long start = nanos;
        while (engine.hasWork()) {
          savedNanos += engine.step().stream().mapToLong(GenerationUpdate::savedNanos).sum();
        }
        decode += nanos - start;
      }
    }
    return decode;
  }

  private void pass(long passNanos) {
    nanos += passNanos;
  }

  /** No pass takes the same time twice. */
  private static long nanos(NavigableMap<Integer, Double> curve, int rows, Random noise) {
    return (long) (1e3 * micros(curve, rows) * (1 + 0.05 * noise.nextDouble()));
  }

  private static double micros(NavigableMap<Integer, Double> curve, int rows) {
    var below = curve.floorEntry(rows);
    var above = curve.ceilingEntry(rows);
    if (above == null) {
      return below.getValue() * rows / below.getKey();
    }
    if (above.getKey().equals(below.getKey())) {
      return below.getValue();
    }
    double share = (double) (rows - below.getKey()) / (above.getKey() - below.getKey());
    return below.getValue() + share * (above.getValue() - below.getValue());
  }

  private static NavigableMap<Integer, Double> curve(double... points) {
    NavigableMap<Integer, Double> curve = new TreeMap<>();
    for (int i = 0; i < points.length; i += 2) {
      curve.put((int) points[i], points[i + 1]);
    }
    return curve;
  }
}
