package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  private final AtomicLong nanos = new AtomicLong();

  @Test
  void stepsTheEngineUntilTheTimeIsUpAndLeavesItIdle() {
    EngineConfig config = EngineConfig.of(4, 16, 10, 64, 4, 100, 1);
    try (Engine engine =
        new LocalEngine(new FakeModel(64, 4), new FakeTokenizer(), config, () -> 0)) {
      int steps =
          new WarmUp(config, () -> nanos.addAndGet(1_000_000), Duration.ofMillis(100)).run(engine);

      assertThat(steps).isBetween(10, 100);
      assertThat(engine.hasWork()).isFalse();
      assertThat(engine.stats().kvBlocksUsed()).isZero();
    }
  }

  @Test
  void endsAfterAFewStepsWhereAllAreSlow() {
    EngineConfig config = EngineConfig.of(4, 16, 10, 64, 4, 100, 1);
    try (Engine engine =
        new LocalEngine(new FakeModel(64, 4), new FakeTokenizer(), config, () -> 0)) {
      int steps =
          new WarmUp(config, () -> nanos.addAndGet(1_000_000_000), Duration.ofHours(1)).run(engine);

      assertThat(steps).isEqualTo(4);
      assertThat(engine.hasWork()).isFalse();
    }
  }
}
