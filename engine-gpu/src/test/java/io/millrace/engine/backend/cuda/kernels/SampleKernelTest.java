package io.millrace.engine.backend.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.SamplingParams;
import io.millrace.engine.backend.cuda.kernels.KernelRun.Array;
import io.millrace.engine.sampling.EmptyHistory;
import io.millrace.engine.sampling.Sampler;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The device draws the tokens that the host's sampler draws. */
class SampleKernelTest {
  private final Random random = new Random(23);

  @Test
  void tokensAreThoseOfTheHost() {
    int vocab = 700;
    List<SamplingParams> requests =
        List.of(
            SamplingParams.greedy(1),
            params(0.7f, 0, 1f, 0f),
            params(1.3f, 1, 1f, 0f),
            params(1f, 40, 1f, 0f),
            params(1f, 0, 0.9f, 0f),
            params(2f, 0, 1f, 0.05f),
            params(1.5f, 50, 0.8f, 0.01f),
            params(3f, 699, 0.99f, 0f),
            params(1f, 1000, 0.5f, 0f));
    int rows = requests.size();
    float[] logits = new float[rows * vocab];
    long[] seeds = new long[rows];
    int[] whole = new int[3 * rows];
    float[] real = new float[3 * rows];
    int[] expected = new int[rows];
    Sampler sampler = new Sampler(vocab);
    for (int row = 0; row < rows; row++) {
      for (int id = 0; id < vocab; id++) {
        // Coarse steps, so that many are equal; one in ten excluded.
        boolean out = random.nextInt(10) == 0;
        logits[row * vocab + id] =
            out ? Float.NEGATIVE_INFINITY : Math.round(random.nextGaussian() * 8) / 4f;
      }
      SamplingParams params = requests.get(row);
      seeds[row] = params.seed();
      whole[3 * row] = params.topK();
      whole[3 * row + 1] = params.choice();
      whole[3 * row + 2] = 5 + row;
      real[3 * row] = params.temperature();
      real[3 * row + 1] = params.topP();
      real[3 * row + 2] = params.minP();
      expected[row] = sampler.draw(logits, row * vocab, params, new EmptyHistory(), 5 + row);
    }
    assertThat(sample(logits, seeds, whole, real, rows, vocab)).isEqualTo(expected);
  }

  @Test
  void ofEqualLogitsTheLowestIdWins() {
    int vocab = 600;
    float[] logits = new float[2 * vocab];
    logits[vocab + 37] = 1;
    logits[vocab + 53] = 1; // 16 lanes apart in one warp
    int[] tokens =
        sample(logits, new long[2], new int[6], new float[] {0, 1, 0, 0, 1, 0}, 2, vocab);
    assertThat(tokens).containsExactly(0, 37);
  }

  @Test
  void whatCannotBeDrawnIsSaid() {
    float[] logits = {
      1,
      Float.NaN,
      0,
      1,
      Float.POSITIVE_INFINITY,
      0,
      Float.NEGATIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      -5,
      Float.NEGATIVE_INFINITY
    };
    int[] tokens =
        sample(
            logits,
            new long[4],
            new int[12],
            new float[] {1, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 0},
            4,
            3);
    assertThat(tokens).containsExactly(-1, -1, -1, 1);
  }

  @Test
  void draftsAreAcceptedUpToTheFirstOtherToken() {
    try (KernelRun run = new KernelRun()) {
      // Three drafts of 3, 0 and 2 tokens; a sequence has a row more than its draft.
      Array drawn = run.ints(5, 6, 9, 8, 7, 3, 4, 1);
      Array draft = run.ints(5, 6, 7, 0, 0, 3, 4, 1); // the last row of each has none
      Array accepted = run.empty(12);
      Array rows = run.ints(0, 4, 5, 8);
      run.launch("sample", "sample_verify", 1, 1, 1, 128, drawn, draft, rows, accepted, 3);
      assertThat(run.readInts(accepted)).containsExactly(2, 0, 2);
    }
  }

  private static SamplingParams params(float temperature, int topK, float topP, float minP) {
    return new SamplingParams(temperature, topK, topP, minP, 1f, -77L, 1, List.of(), -1, false)
        .withChoice(2);
  }

  private static int[] sample(
      float[] logits, long[] seeds, int[] whole, float[] real, int rows, int vocab) {
    try (KernelRun run = new KernelRun()) {
      Array tokens = run.empty(4 * rows);
      run.launch(
          "sample",
          "sample_tokens",
          rows,
          1,
          1,
          512,
          run.floats(logits),
          run.longs(seeds),
          run.ints(whole),
          run.floats(real),
          tokens,
          rows,
          vocab,
          logits.length / rows);
      return run.readInts(tokens);
    }
  }
}
