package io.millrace.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.millrace.engine.SamplingParams;
import io.millrace.engine.TokenOutput;
import io.millrace.engine.TokenOutput.TokenLogprob;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private static final TokenHistory NOTHING = history();

  @Test
  void greedyTakesTheMostLikelyAndOfEqualOnesTheLowestId() {
    Sampler sampler = new Sampler(4);
    float[] logits = {1, 3, 2, 3};
    assertThat(sampler.sample(logits, 0, SamplingParams.greedy(1), NOTHING, 0).id()).isEqualTo(1);
    assertThat(logits).containsExactly(1, 3, 2, 3);
  }

  @Test
  void theTokenDependsOnSeedAndPositionOnly() {
    int vocab = 1000;
    float[] row = gaussian(new Random(1), vocab);
    float[] elsewhere = new float[3 * vocab];
    Arrays.fill(elsewhere, Float.NaN);
    System.arraycopy(row, 0, elsewhere, vocab, vocab);
    Sampler busy = new Sampler(vocab);
    for (int position = 0; position < 200; position++) {
      SamplingParams params = params(1.3f, 0, 1, 0, 1, 42);
      int alone = new Sampler(vocab).sample(row, 0, params, NOTHING, position).id();
      busy.sample(row, 0, params(0.7f, 10, 0.5f, 0.1f, 1.5f, 7), history(1, 2, 3), 9);
      assertThat(busy.sample(elsewhere, vocab, params, NOTHING, position).id()).isEqualTo(alone);
    }
  }

  @Test
  void seedsAndPositionsSelectDifferentNoise() {
    Sampler sampler = new Sampler(1000);
    float[] flat = new float[1000];
    Set<Integer> drawn = new TreeSet<>();
    for (int i = 0; i < 100; i++) {
      drawn.add(sampler.sample(flat, 0, params(1, 0, 1, 0, 1, 5), NOTHING, i).id());
      drawn.add(sampler.sample(flat, 0, params(1, 0, 1, 0, 1, i), NOTHING, 5).id());
    }
    // 199 distinct draws of 1000: about 180 distinct tokens expected.
    assertThat(drawn.size()).isBetween(160, 199);
  }

  @Test
  void drawsFollowTheExactProbabilities() {
    float[] logits = {0, 1, 2, -1, 0.5f, 1.5f, -3, 0};
    assertDistribution(logits, params(1, 0, 1, 0, 1, 1), NOTHING);
    assertDistribution(logits, params(0.5f, 0, 1, 0, 1, 2), NOTHING);
    assertDistribution(logits, params(2, 5, 1, 0, 1, 3), NOTHING);
    assertDistribution(logits, params(1, 0, 0.8f, 0, 1, 4), NOTHING);
    assertDistribution(logits, params(1, 0, 1, 0.2f, 1, 5), NOTHING);
    assertDistribution(logits, params(1, 0, 1, 0, 1.5f, 6), history(2, 2, 6, 1));
    assertDistribution(logits, params(1.4f, 6, 0.9f, 0.02f, 1.2f, 7), history(5, 3));
  }

  @Test
  void drawsOverSeedsFollowTheExactProbabilitiesToo() {
    float[] logits = {0, 1, 2, -1};
    int[] counts = new int[4];
    Sampler sampler = new Sampler(4);
    for (int seed = 0; seed < 20_000; seed++) {
      counts[sampler.sample(logits, 0, params(1, 0, 1, 0, 1, seed), NOTHING, 3).id()]++;
    }
    assertChiSquare(counts, reference(logits, params(1, 0, 1, 0, 1, 0), NOTHING));
  }

  @Test
  void topKKeepsTheLowerIdOfEqualOnes() {
    float[] logits = {1, 5, 5, 5, -0.0f, 0.0f};
    assertThat(support(logits, params(100, 2, 1, 0, 1, 1))).containsExactly(1, 2);
    assertThat(support(logits, params(100, 5, 1, 0, 1, 1))).containsExactly(0, 1, 2, 3, 4);
    assertThat(support(logits, params(100, 50, 1, 0, 1, 1))).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void topPKeepsTheTokenThatCrossesTheThreshold() {
    float[] logits = logs(0.5, 0.3, 0.15, 0.05);
    assertThat(support(logits, params(1, 0, 0.49f, 0, 1, 1))).containsExactly(0);
    assertThat(support(logits, params(1, 0, 0.51f, 0, 1, 1))).containsExactly(0, 1);
    assertThat(support(logits, params(1, 0, 0.79f, 0, 1, 1))).containsExactly(0, 1);
    assertThat(support(logits, params(1, 0, 0.81f, 0, 1, 1))).containsExactly(0, 1, 2);
    assertThat(support(logits, params(1, 0, 1e-9f, 0, 1, 1))).containsExactly(0);
  }

  @Test
  void topPCountsTheProbabilitiesOfWhatTopKLeft() {
    float[] logits = logs(0.4, 0.2, 0.2, 0.2);
    // Of the first two, the first has two thirds.
    assertThat(support(logits, params(1, 2, 0.6f, 0, 1, 1))).containsExactly(0);
    assertThat(support(logits, params(1, 0, 0.6f, 0, 1, 1))).containsExactly(0, 1, 2);
  }

  @Test
  void minPDropsTokensBelowAShareOfTheMostLikelyAfterTemperature() {
    float[] logits = logs(0.6, 0.3, 0.07, 0.03);
    assertThat(support(logits, params(1, 0, 1, 0.4f, 1, 1))).containsExactly(0, 1);
    assertThat(support(logits, params(1, 0, 1, 0.1f, 1, 1))).containsExactly(0, 1, 2);
    // At temperature 2 the shares are their roots: 0.71, 0.34, 0.22.
    assertThat(support(logits, params(2, 0, 1, 0.4f, 1, 1))).containsExactly(0, 1);
    assertThat(support(logits, params(2, 0, 1, 0.3f, 1, 1))).containsExactly(0, 1, 2);
  }

  @Test
  void repetitionPenaltyAppliesOncePerTokenSeen() {
    float[] logits = {4, 3, -1, -2};
    SamplingParams params = params(0, 0, 1, 0, 2, 0);
    Sampler sampler = new Sampler(4);
    assertThat(sampler.sample(logits, 0, params, history(0, 0), 0).id()).isEqualTo(1);
    assertThat(sampler.sample(logits, 0, params, history(0, 1, 1, 1), 0).id()).isEqualTo(0);
    float[] negative = {-1, -1.5f};
    assertThat(new Sampler(2).sample(negative, 0, params, history(0, 0), 0).id()).isEqualTo(1);
  }

  @Test
  void logprobsAreTheModelsOwn() {
    float[] logits = logs(0.1, 0.6, 0.25, 0.05);
    SamplingParams params = new SamplingParams(9, 1, 1, 0, 5, 1, 1, List.of(), 2, false);
    TokenOutput token = new Sampler(4).sample(logits, 0, params, history(1), 0);
    assertThat(token.id()).isEqualTo(2);
    assertThat(token.logprob()).isCloseTo((float) Math.log(0.25), within(1e-6f));
    assertThat(token.alternatives()).extracting(TokenLogprob::id).containsExactly(1, 2);
    assertThat(token.alternatives().get(0).logprob())
        .isCloseTo((float) Math.log(0.6), within(1e-6f));
  }

  @Test
  void logprobsOnlyOnRequest() {
    float[] logits = {0, 1};
    Sampler sampler = new Sampler(2);
    TokenOutput none = sampler.sample(logits, 0, SamplingParams.greedy(1), NOTHING, 0);
    assertThat(none.logprob()).isNaN();
    SamplingParams zero = new SamplingParams(0, 0, 1, 0, 1, 0, 1, List.of(), 0, false);
    TokenOutput own = sampler.sample(logits, 0, zero, NOTHING, 0);
    assertThat(own.logprob()).isLessThan(0);
    assertThat(own.alternatives()).isEmpty();
  }

  @Test
  void minusInfinityExcludesATokenAndLogitsThatExcludeAllFail() {
    float no = Float.NEGATIVE_INFINITY;
    float[] logits = {no, -5, no, -5};
    assertThat(support(logits, params(1, 0, 1, 0, 1, 1))).containsExactly(1, 3);
    assertThat(support(logits, params(1, 3, 0.99f, 0.01f, 1, 1))).containsExactly(1, 3);
    Sampler sampler = new Sampler(2);
    SamplingParams greedy = SamplingParams.greedy(1);
    assertThatThrownBy(() -> sampler.sample(new float[] {no, no}, 0, greedy, NOTHING, 0))
        .hasMessage("the model's logits exclude every token");
    assertThatThrownBy(() -> sampler.sample(new float[] {0, Float.NaN}, 0, greedy, NOTHING, 0))
        .isInstanceOf(ArithmeticException.class)
        .hasMessage("the model's logit of token 1 is NaN");
  }

  @Test
  void extremesStayWithinTheNumbers() {
    float[] logits = {-1e30f, 3e38f, -3e38f, 2.9e38f};
    assertThat(support(logits, params(Float.MIN_VALUE, 0, 1, 0, 1, 1))).containsExactly(1);
    assertThat(support(logits, params(100, 3, 0.999f, 0, 1, 1))).containsExactly(1);
    assertThatThrownBy(
            () -> new Sampler(4).sample(logits, 0, params(1, 0, 1, 0, 0.01f, 1), history(1), 0))
        .isInstanceOf(ArithmeticException.class);
  }

  /** Truncation without a full sort keeps what a full sort would, over many shapes and sizes. */
  @Test
  void keepsExactlyWhatAFullSortWouldKeep() {
    Random random = new Random(3);
    for (int round = 0; round < 300; round++) {
      int vocab = 1 + random.nextInt(3000);
      float[] logits = gaussian(random, vocab);
      if (round % 3 == 0) {
        for (int i = 0; i < vocab; i++) {
          logits[i] = Math.round(logits[i]); // many ties
        }
      }
      SamplingParams params =
          params(
              0.3f + 3 * random.nextFloat(),
              random.nextBoolean() ? 0 : 1 + random.nextInt(vocab),
              random.nextBoolean() ? 1 : 0.05f + 0.94f * random.nextFloat(),
              random.nextBoolean() ? 0 : 0.3f * random.nextFloat(),
              1,
              round);
      double[] expected = reference(logits, params, NOTHING);
      Candidates kept = new Candidates(vocab);
      double max = IntStream.range(0, vocab).mapToDouble(i -> logits[i]).max().getAsDouble();
      kept.fill(logits, 0, vocab, max + params.temperature() * Math.log(params.minP()));
      if (params.topK() > 0) {
        kept.keepTop(params.topK());
      }
      if (params.topP() < 1) {
        kept.keepTopP(params.topP(), max, params.temperature());
      }
      int[] ids = IntStream.range(0, kept.size()).map(kept::id).sorted().toArray();
      assertThat(ids)
          .as("round %d, %s", round, params)
          .isEqualTo(IntStream.range(0, vocab).filter(i -> expected[i] > 0).toArray());
      for (int i = 0; i < kept.size(); i++) {
        assertThat(kept.logit(i)).isEqualTo(logits[kept.id(i)]);
      }
    }
  }

  private static void assertDistribution(
      float[] logits, SamplingParams params, TokenHistory history) {
    int[] counts = new int[logits.length];
    Sampler sampler = new Sampler(logits.length);
    for (int position = 0; position < 20_000; position++) {
      counts[sampler.sample(logits, 0, params, history, position).id()]++;
    }
    assertChiSquare(counts, reference(logits, params, history));
  }

  private static void assertChiSquare(int[] counts, double[] expected) {
    // 99.9th percentiles of the chi-square distribution by degrees of freedom, from 0.
    double[] limits = {0, 10.83, 13.82, 16.27, 18.47, 20.52, 22.46, 24.32};
    int total = Arrays.stream(counts).sum();
    double chiSquare = 0;
    int kept = 0;
    for (int i = 0; i < counts.length; i++) {
      if (expected[i] == 0) {
        assertThat(counts[i]).as("draws of token %d, which was cut", i).isZero();
      } else {
        double mean = total * expected[i];
        chiSquare += (counts[i] - mean) * (counts[i] - mean) / mean;
        kept++;
      }
    }
    assertThat(chiSquare).as(Arrays.toString(counts)).isLessThan(limits[kept - 1] + 1e-9);
  }

  /** The exact probabilities, by the definitions: with full sorts, one step after the other. */
  private static double[] reference(float[] logits, SamplingParams params, TokenHistory history) {
    int vocab = logits.length;
    double[] scores = new double[vocab];
    for (int i = 0; i < vocab; i++) {
      int id = i;
      boolean seen = IntStream.range(0, history.length()).anyMatch(p -> history.token(p) == id);
      float penalty = seen ? params.repetitionPenalty() : 1;
      scores[i] = (logits[i] > 0 ? logits[i] / penalty : logits[i] * penalty);
      scores[i] /= params.temperature();
    }
    List<Integer> order = new ArrayList<>(IntStream.range(0, vocab).boxed().toList());
    order.sort(Comparator.<Integer>comparingDouble(i -> -scores[i]).thenComparing(i -> i));
    double max = scores[order.get(0)];
    order.removeIf(i -> Math.exp(scores[i] - max) < params.minP());
    if (params.topK() > 0 && params.topK() < order.size()) {
      order.subList(params.topK(), order.size()).clear();
    }
    double total = order.stream().mapToDouble(i -> Math.exp(scores[i] - max)).sum();
    double sum = 0;
    int keep = 0;
    while (keep < order.size() && (keep == 0 || sum < params.topP() * total)) {
      sum += Math.exp(scores[order.get(keep++)] - max);
    }
    double[] probabilities = new double[vocab];
    for (int i = 0; i < (params.topP() == 1 ? order.size() : keep); i++) {
      probabilities[order.get(i)] =
          Math.exp(scores[order.get(i)] - max) / (params.topP() == 1 ? total : sum);
    }
    return probabilities;
  }

  /** All tokens that many draws bring. */
  private static Set<Integer> support(float[] logits, SamplingParams params) {
    Sampler sampler = new Sampler(logits.length);
    Set<Integer> tokens = new TreeSet<>();
    for (int position = 0; position < 2000; position++) {
      tokens.add(sampler.sample(logits, 0, params, NOTHING, position).id());
    }
    return tokens;
  }

  private static SamplingParams params(
      float temperature, int topK, float topP, float minP, float penalty, long seed) {
    return new SamplingParams(
        temperature, topK, topP, minP, penalty, seed, 1, List.of(), -1, false);
  }

  private static float[] logs(double... probabilities) {
    float[] logits = new float[probabilities.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.log(probabilities[i]);
    }
    return logits;
  }

  private static float[] gaussian(Random random, int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) (2 * random.nextGaussian());
    }
    return values;
  }

  private static TokenHistory history(int... tokens) {
    return new TokenHistory() {
      @Override
      public int length() {
        return tokens.length;
      }

      @Override
      public int token(int position) {
        return tokens[position];
      }
    };
  }
}
