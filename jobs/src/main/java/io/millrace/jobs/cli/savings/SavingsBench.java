package io.millrace.jobs.cli.savings;

import io.millrace.jobs.Models;
import io.millrace.jobs.cli.traffic.Sample;
import io.millrace.jobs.cli.traffic.Traffic;
import io.millrace.jobs.embedded.Pipeline;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;

/**
 * Answers the same prompts in stages, each in an embedded pipeline of its own, with one more way to
 * save than the one before. What a stage costs is what its committed cost rows say.
 */
public final class SavingsBench {
  private static final long SEED = 20_260_101;
  private static final Duration STAGE_MAX = Duration.ofMinutes(10);

  private final List<Stage> stages;
  private final List<Traffic.Ask> asks;
  private final Traffic traffic;
  private final Configuration common;
  private final String model;
  private final Path data;
  private final Consumer<String> teller;

  /**
   * @param requests how many prompts
   * @param batch sequences in a batch
   * @param common options of all stages
   * @param model the configured model's name
   * @param samples file of messages
   * @param data directory for the pipelines' data
   * @param teller gets lines on how far it is
   */
  public SavingsBench(
      Weights weights,
      int requests,
      int batch,
      Configuration common,
      String model,
      Path samples,
      Path data,
      Consumer<String> teller)
      throws IOException {
    this.stages =
        Stage.all(weights.f16(), weights.fourBit(), weights.twoBit(), weights.draft(), batch);
    this.traffic = new Traffic(Sample.read(samples), SEED);
    this.asks = Stream.generate(traffic::ordinary).limit(requests).toList();
    this.common = common;
    this.model = model;
    this.data = data;
    this.teller = teller;
  }

  /** Files of one model in several types, and of the one that drafts for it. */
  public record Weights(Path f16, Path fourBit, Path twoBit, Path draft) {}

  /**
   * Runs all stages so often, one after the other, and takes each one's cheapest run.
   *
   * @param rounds 1 or more
   */
  public SavingsReport run(int rounds) throws Exception {
    StageFigures[] cheapest = new StageFigures[stages.size()];
    for (int round = 1; round <= rounds; round++) {
      for (int i = 0; i < cheapest.length; i++) {
        teller.accept("round " + round + " of " + rounds + ": " + stages.get(i).name());
        cheapest[i] = run(stages.get(i), round).cheaper(cheapest[i]);
      }
    }
    return new SavingsReport(List.of(cheapest), repeats());
  }

  private StageFigures run(Stage stage, int round) throws Exception {
    Path directory = data.resolve("stage-" + stages.indexOf(stage) + "-" + round);
    try (Pipeline pipeline =
            Pipeline.start(
                new Pipeline.Settings(
                    directory, 0, 0, 0, stage.options(common, model), 1, Map.of()),
                Models.local());
        StageRun run = new StageRun(pipeline, stage, asks, traffic)) {
      return run.run(STAGE_MAX, teller);
    }
  }

  /** Share of the prompts that are equal to an earlier one of the same tenant. */
  private double repeats() {
    Set<List<String>> seen = new HashSet<>();
    asks.forEach(ask -> seen.add(List.of(ask.tenant(), ask.body().toString())));
    return (double) (asks.size() - seen.size()) / asks.size();
  }
}
