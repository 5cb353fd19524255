package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LargestRemainderTest {

  @Test
  void givesWhatRoundingCutOffToTheLargestFractions() {
    // Exact shares: 16.67, 33.33, 50.
    assertThat(LargestRemainder.split(100, new int[] {1, 2, 3})).containsExactly(17, 33, 50);
    // Equal fractions: the first ones.
    assertThat(LargestRemainder.split(5, new int[] {1, 1, 1})).containsExactly(2, 2, 1);
  }

  @Test
  void sumsExactlyAndStaysWithinOneOfTheExactShare() {
    Random random = new Random(1);
    for (int round = 0; round < 1000; round++) {
      int[] weights = random.ints(1 + random.nextInt(20), 0, 1000).toArray();
      weights[0]++;
      long total = Arrays.stream(weights).asLongStream().sum();
      long amount = random.nextLong() >>> (1 + random.nextInt(63));
      long[] parts = LargestRemainder.split(amount, weights);
      assertThat(Arrays.stream(parts).sum()).isEqualTo(amount);
      for (int i = 0; i < parts.length; i++) {
        double exact = (double) amount * weights[i] / total;
        assertThat(Math.abs(parts[i] - exact)).isLessThan(1 + amount * 1e-12);
      }
    }
  }
}
