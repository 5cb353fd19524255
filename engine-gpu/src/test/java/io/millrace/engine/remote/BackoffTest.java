package io.millrace.engine.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class BackoffTest {

  @Test
  void waitsDoubleWithinBounds() {
    Random random = new Random(3);
    for (int round = 0; round < 100; round++) {
      assertThat(Backoff.delayMs(1, -1, random)).isBetween(250L, 500L);
      assertThat(Backoff.delayMs(3, -1, random)).isBetween(1_000L, 2_000L);
      assertThat(Backoff.delayMs(1_000, -1, random)).isBetween(15_000L, 30_000L);
      assertThat(Backoff.delayMs(1, 9_000, random)).isBetween(9_000L, 9_250L);
    }
  }
}
