package io.millrace.engine.speculative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RealisedGainTest {
  private static final int PLAIN_NANOS = 200_000;
  private static final int DRAFTED_TOKENS = 10;

  private final RealisedGain gain = new RealisedGain();
  private int draftedSteps;

  @Test
  void draftsThatPayGoOn() {
    run(5_000, 1, 0.8, 0);
    assertThat(draftedSteps).isGreaterThan(4_500);
  }

  @Test
  void draftsThatDoNotPayAreTriedSeldomAndNeverAgainForLong() {
    double tokensPerTime = run(100_000, 1, 1.3, 0);
    assertThat(tokensPerTime).isGreaterThan(0.97);
    assertThat(draftedSteps).isPositive();
  }

  @ParameterizedTest
  @CsvSource({"0.5, 1.8", "0.9, 0.97", "1.1, 0.97", "1.4, 0.97", "3, 0.97"})
  void theBetterKindWinsThoughTimesAreDisturbed(double nanosPerToken, double least) {
    assertThat(run(100_000, 1, nanosPerToken, 0.02)).isGreaterThan(least);
  }

  @Test
  void whatIsTrueOfOneSequenceIsNotOfMany() {
    run(1_000, 1, 0.5, 0);
    int alone = draftedSteps;
    run(1_000, 32, 1.5, 0);
    assertThat(alone).isGreaterThan(900);
    assertThat(draftedSteps - alone).isLessThan(100);
  }

  @Test
  void aPauseEnds() {
    run(2_000, 1, 1.5, 0);
    int before = draftedSteps;
    run(20_000, 1, 0.5, 0); // another mix of prompts came
    assertThat(draftedSteps - before).isGreaterThan(10_000);
  }

  @Test
  void knowsWhatAStepWouldTakeWithoutDrafts() {
    PassTimes timed = new PassTimes(new int[] {1, 4, 5, 7, 8}, new double[] {10, 20, 22, 26, 28});
    assertThat(gain.plainNanos(6, timed)).as("no step yet").isEqualTo(24);
    // Contexts are longer than those that were timed: all takes three times as long.
    gain.step(4, 4, 60, false);
    gain.step(5, 5, 66, false);
    gain.step(7, 7, 2, true);
    assertThat(gain.plainNanos(7, timed)).isCloseTo(78, within(0.5));
    assertThat(gain.plainNanos(6, PassTimes.UNKNOWN)).isCloseTo(6 * 14, within(0.2));
  }

  /**
   * Runs steps, with drafts wherever they may be.
   *
   * @param nanosPerToken of a drafted step, as a multiple of a plain one's
   * @param disturbed share of steps that take 10 ms longer
   * @return tokens per time, as a multiple of what plain steps bring
   */
  private double run(int steps, int sequences, double nanosPerToken, double disturbed) {
    Random random = new Random(5);
    double nanos = 0;
    double plainNanos = 0;
    double tokens = 0;
    double plainTokens = 0;
    for (int i = 0; i < steps; i++) {
      boolean drafted = gain.mayDraft(sequences);
      int stepTokens = drafted ? DRAFTED_TOKENS * sequences : sequences;
      double perToken = PLAIN_NANOS * (drafted ? nanosPerToken : 1);
      long stepNanos = Math.round(stepTokens * perToken * (1 + 0.2 * random.nextDouble()));
      if (random.nextDouble() < disturbed * stepNanos / (sequences * PLAIN_NANOS)) {
        stepNanos += 10_000_000;
      }
      gain.step(sequences, stepTokens, stepNanos, drafted);
      nanos += stepNanos;
      tokens += stepTokens;
      draftedSteps += drafted ? 1 : 0;
      plainNanos += drafted ? 0 : stepNanos;
      plainTokens += drafted ? 0 : stepTokens;
    }
    return tokens / nanos * plainNanos / plainTokens;
  }
}
