package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * Whole lives of small engines, each from one seed: requests of all shapes arrive, are cancelled,
 * expire, run short of blocks, share them, and survive restarts under other limits. {@code
 * -Dmillrace.simulation.seeds} says how many, {@code -Dmillrace.simulation.seed} runs a single one.
 */
class EngineSimulationTest {
  private static final int SEEDS = Integer.getInteger("millrace.simulation.seeds", 2000);
  private static final Long ONE_SEED = Long.getLong("millrace.simulation.seed");

  @Test
  void everyRequestGetsTheAnswerItWouldGetAlone() throws Exception {
    if (ONE_SEED != null) {
      new EngineSimulation(ONE_SEED).run();
      return;
    }
    EngineSimulation.Coverage coverage = new EngineSimulation.Coverage();
    for (long seed = 0; seed < SEEDS; seed++) {
      EngineSimulation simulation = new EngineSimulation(seed);
      try {
        simulation.run();
      } catch (AssertionError | Exception e) {
        throw new AssertionError("seed " + seed + " (-Dmillrace.simulation.seed): " + e, e);
      }
      coverage.add(simulation.coverage());
    }
    // A simulation in which nothing happens proves nothing.
    assertThat(coverage.preemptions).as("preemptions").isGreaterThan(SEEDS / 4);
    assertThat(coverage.restarts).as("restarts").isGreaterThan(SEEDS / 10);
    assertThat(coverage.cancelled).as("cancelled").isGreaterThan(SEEDS / 10);
    assertThat(coverage.expired).as("expired").isGreaterThan(SEEDS / 10);
    assertThat(coverage.seniors).as("steps of sequences that waited long").isGreaterThan(SEEDS);
    assertThat(coverage.furtherChoices).as("answers beyond a first").isGreaterThan(SEEDS);
    assertThat(coverage.stopped).as("stopped").isGreaterThan(SEEDS / 4);
    assertThat(coverage.chunkedSteps).as("chunked steps").isGreaterThan(SEEDS);
    assertThat(coverage.prefixHits).as("cached prompt tokens").isGreaterThan(SEEDS);
    assertThat(coverage.sharedBlocks).as("blocks in several tables").isGreaterThan(SEEDS);
    assertThat(coverage.accepted).as("accepted drafts").isGreaterThan(SEEDS);
    assertThat(coverage.rejected).as("rejected drafts").isGreaterThan(SEEDS);
    assertThat(coverage.queueFull).as("refusals by a full queue").isGreaterThan(SEEDS / 10);
  }
}
