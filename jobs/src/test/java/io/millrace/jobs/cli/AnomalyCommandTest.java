package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnomalyCommandTest {
  @TempDir private Path directory;
  private Path data;
  private Path scores;

  @BeforeEach
  void folders() throws IOException {
    data = Files.createDirectories(directory.resolve("data"));
    scores = directory.resolve("scores");
  }

  @Test
  void writesOneFileOfScoresForEachSeries() throws IOException {
    StringBuilder series = new StringBuilder("timestamp,value\n");
    for (int i = 0; i < 100; i++) {
      series.append("2026-01-01 00:00:").append(i % 60).append(",").append(i % 7).append("\n");
    }
    series.append("2026-01-02 00:00:00,500\n");
    Path file = Files.createDirectories(data.resolve("real")).resolve("cpu.csv");
    Files.writeString(file, series);

    CommandRun run = run();

    assertThat(run.exitCode()).as(String.join("\n", run.err())).isZero();
    List<String> lines = Files.readAllLines(scores.resolve("real/cpu.csv"));
    assertThat(lines).hasSize(102).startsWith("timestamp,anomaly_score");
    assertThat(lines.get(100)).isEqualTo("2026-01-01 00:00:39,0.0");
    assertThat(lines.get(101)).startsWith("2026-01-02 00:00:00,0.99");
  }

  @Test
  void saysWhichLineIsWrong() throws IOException {
    Files.writeString(data.resolve("bad.csv"), "timestamp,value\n1,2\n2,x\n");

    CommandRun run = run();

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(String.join("\n", run.err())).contains("bad.csv, row 2: no number in column value");
  }

  @Test
  void saysThatThereIsNothing() {
    CommandRun run = run();

    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(String.join("\n", run.err())).contains("no CSV files in");
  }

  private CommandRun run() {
    return CommandRun.of(
        new FakeModels(null), "bench", "anomaly", "--data", data, "--scores", scores);
  }
}
