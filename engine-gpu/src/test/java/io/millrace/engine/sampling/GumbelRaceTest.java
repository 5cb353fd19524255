package io.millrace.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GumbelRaceTest {

  @Test
  void drawsOneOfTheTokensOffered() {
    GumbelRace race = new GumbelRace(42, 0, 0);
    assertThat(race.winner()).isEqualTo(-1);
    race.offer(3, -1);
    race.offer(5, Double.NEGATIVE_INFINITY);
    assertThat(race.winner()).isEqualTo(3);
  }

  /** The JDK's SplittableRandom is SplitMix64 as published. */
  @Test
  void theHashIsSplitMix64() {
    SplittableRandom random = new SplittableRandom(1234567);
    for (int i = 0; i < 100; i++) {
      assertThat(GumbelRace.output(1234567, i)).isEqualTo(random.nextLong());
    }
  }

  /** The order decides which tokens the bound rules out; it must not decide who wins. */
  @Test
  void theOrderOfOffersDoesNotMatter() {
    Random random = new Random(1);
    for (int position = 0; position < 2000; position++) {
      double[] logits = random.doubles(200).map(x -> 30 * x * x - 15).toArray();
      List<Integer> order = new ArrayList<>(IntStream.range(0, 200).boxed().toList());
      int winner = winner(position, order, logits);
      order.sort(Comparator.comparingDouble(i -> logits[i]));
      assertThat(winner(position, order, logits)).isEqualTo(winner);
      Collections.reverse(order);
      assertThat(winner(position, order, logits)).isEqualTo(winner);
      Collections.shuffle(order, random);
      assertThat(winner(position, order, logits)).isEqualTo(winner);
      // Without the losers, who are truncated as a rule, the winner is the same.
      List<Integer> fewer = new ArrayList<>(order.subList(0, 100));
      fewer.add(winner);
      assertThat(winner(position, fewer, logits)).isEqualTo(winner);
    }
  }

  private static int winner(int position, List<Integer> order, double[] logits) {
    GumbelRace race = new GumbelRace(-7, 0, position);
    order.forEach(token -> race.offer(token, logits[token]));
    return race.winner();
  }
}
