package io.millrace.jobs.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.ModelOptions;
import io.millrace.jobs.cli.bench.PipelineFigures.Times;
import io.millrace.jobs.embedded.Pipeline;
import io.millrace.jobs.testing.PacedModels;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code bench pipeline} measures must hold, with a model of known speed: 16 places, 20 ms a
 * step, 40 answers of 20 tokens a second. A modest tenant asks for 5 of them, a flood of 500 a
 * second beside it, and then as many as fill the backlog of 2640.
 */
class PipelineBenchTest {
  private static final int SEQUENCES = 16;
  private static final int BACKLOG_PER_SEQUENCE = 165;

  @Test
  @Timeout(300)
  void serveATenantBesideAFloodAndCheckpointsWhileEveryPlaceIsTaken(@TempDir Path data)
      throws Exception {
    Configuration options =
        new Configuration()
            .set(MillraceOptions.BACKLOG_PER_SEQUENCE, BACKLOG_PER_SEQUENCE)
            .set(new ModelOptions("default").sequencesMax, SEQUENCES);
    Configuration flink = new Configuration();
    flink.setString("execution.checkpointing.interval", "1 s");
    List<String> progress = new ArrayList<>();
    PipelineFigures figures;
    try (Pipeline pipeline =
            Pipeline.start(
                new Pipeline.Settings(data, 0, 0, 0, options, 1, Map.of()).withFlink(flink),
                new PacedModels(Duration.ofMillis(20)));
        PipelineBench bench =
            new PipelineBench(
                pipeline,
                new PipelineBench.Settings(
                    Duration.ofSeconds(4),
                    5,
                    100,
                    new PromptLoad.Wanted(20, null, false),
                    new PromptLoad.Wanted(250, null, true),
                    (long) SEQUENCES * BACKLOG_PER_SEQUENCE,
                    1,
                    Duration.ofSeconds(60)),
                List.of("a message", "another message"),
                data.resolve("savepoints"),
                progress::add)) {
      figures = bench.run();
      assertThat(pipeline.job().restarts()).as("restarts").isZero();
    }
    String report = String.join("\n", new PipelineReport(figures).lines());

    assertThat(figures.alone().answered()).as(report).isEqualTo(figures.alone().prompts());
    assertThat(figures.flooded().answered()).as(report).isEqualTo(figures.flooded().prompts());
    // About 1.6 on an idle machine; the tests' machine is not. Served in order it would be over 10.
    assertThat(figures.p95Ratio()).as(report).isLessThanOrEqualTo(3);
    assertThat(figures.backlogMax())
        .as(report)
        .isBetween(
            (long) SEQUENCES * BACKLOG_PER_SEQUENCE, (long) SEQUENCES * BACKLOG_PER_SEQUENCE + 1);
    assertThat(figures.failedCheckpoints()).as(report).isZero();
    assertThat(figures.checkpoints())
        .as(report)
        .hasSize(3)
        .allSatisfy(c -> assertThat(c.count()).isPositive())
        .allSatisfy(c -> assertThat(c.times().maxMs()).isLessThan(5_000));
    assertThat(figures.savepoints().count()).as(report).isEqualTo(1);
    assertThat(progress).contains("flooded: 4 s", "filling the backlog", "saturated: 4 s");
  }

  @Test
  void takesPercentilesByNearestRank() {
    long[] hundred = new long[100];
    for (int i = 0; i < 100; i++) {
      hundred[i] = 100L - i;
    }
    assertThat(Times.of(hundred)).isEqualTo(new Times(50, 95, 100));
    assertThat(Times.of(7)).isEqualTo(new Times(7, 7, 7));
    assertThat(Times.of()).isEqualTo(new Times(0, 0, 0));
  }

  @Test
  void addsGaugesOfAllSubtasksUp() {
    String text =
        """
        # TYPE flink_taskmanager_job_task_operator_backlogPrompts gauge
        flink_taskmanager_job_task_operator_backlogPrompts{operator_name="generate: a",x="1"} 3.0
        flink_taskmanager_job_task_operator_backlogPrompts{operator_name="generate: b",x="2"} 4.0
        flink_taskmanager_job_task_operator_backlogPrompts{operator_name="admit",x="2"} 9.0
        """;
    assertThat(new OperatorMetrics.Snapshot(text).sum("generate:", "backlogPrompts")).isEqualTo(7);
  }
}
