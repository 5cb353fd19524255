package io.millrace.jobs.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnomalyJobBenchTest {

  @Test
  void countsEveryRowAndTheStateOfEveryKey(@TempDir Path directory) throws Exception {
    CostRowsLoad load = new CostRowsLoad(3_000, 50, Duration.ofMinutes(12));

    AnomalyJobBench.Figures figures =
        new AnomalyJobBench(load, 2).run(directory.resolve("data"), line -> {});

    assertThat(figures.rows()).isEqualTo(3_000);
    assertThat(figures.keys()).isEqualTo(50);
    assertThat(figures.lateRows()).isZero();
    assertThat(figures.seconds()).isPositive();
    // What is learnt of a key is not less; nor can it be more than its bound, with open windows.
    assertThat(figures.stateBytesPerKey()).isBetween(200.0, 20_000.0);
  }
}
