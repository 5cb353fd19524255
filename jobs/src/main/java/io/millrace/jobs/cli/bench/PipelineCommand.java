package io.millrace.jobs.cli.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.ModelOptions;
import io.millrace.jobs.Models;
import io.millrace.jobs.cli.CommandFailure;
import io.millrace.jobs.cli.ExitCodes;
import io.millrace.jobs.cli.Installation;
import io.millrace.jobs.cli.JobSettings;
import io.millrace.jobs.cli.LogFile;
import io.millrace.jobs.cli.TemporaryDirectory;
import io.millrace.jobs.embedded.Pipeline;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.flink.configuration.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench pipeline}: checkpoints and fairness of the embedded pipeline under load. */
@Command(
    name = "pipeline",
    description = {
      "Run the embedded pipeline under load, and measure its checkpoints and what a flood does to"
          + " another tenant.",
      "Three phases: a modest tenant alone; beside one that sends many times as much; and while the"
          + " backlog is full and every place in the batch has a long answer. Then savepoints.",
      "Fails if a checkpoint took 5 s."
    })
public final class PipelineCommand implements Callable<Integer> {
  private static final Duration SETTLE_MAX = Duration.ofMinutes(2);
  private static final long CHECKPOINT_MS_MAX = 5_000;

  /** Has no end that the model would write: the answer is as long as allowed. */
  private static final String ENDLESS = "[a-z ]{20000}";

  @Spec private CommandSpec spec;
  @Mixin private JobSettings settings;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "60",
      description = "Of each phase. Default: ${DEFAULT-VALUE}")
  private int seconds;

  @Option(
      names = "--interval",
      paramLabel = "T",
      defaultValue = "10s",
      description = "Between checkpoints. Default: ${DEFAULT-VALUE}")
  private Duration interval;

  @Option(
      names = "--rate",
      paramLabel = "R",
      defaultValue = "1",
      description = "Prompts a second of the modest tenant. Default: ${DEFAULT-VALUE}")
  private double rate;

  @Option(
      names = "--flood",
      paramLabel = "N",
      defaultValue = "100",
      description = "How many times as many the other sends. Default: ${DEFAULT-VALUE}")
  private int flood;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "128",
      description = "Most tokens of an answer. Default: ${DEFAULT-VALUE}")
  private int tokens;

  @Option(
      names = "--long-tokens",
      paramLabel = "N",
      defaultValue = "800",
      description = "Tokens of a long answer. Default: ${DEFAULT-VALUE}")
  private int longTokens;

  @Option(
      names = "--savepoints",
      paramLabel = "N",
      defaultValue = "3",
      description = "How many to take. Default: ${DEFAULT-VALUE}")
  private int savepoints;

  @Option(
      names = "--state-backend",
      paramLabel = "NAME",
      defaultValue = "rocksdb",
      description = "rocksdb or hashmap. Default: ${DEFAULT-VALUE}")
  private String stateBackend;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there, too.")
  private Path json;

  @Override
  public Integer call() throws Exception {
    check();
    Configuration options = settings.configuration();
    try (TemporaryDirectory data = TemporaryDirectory.create("millrace-bench-")) {
      LogFile.into(data.path().resolve("logs"));
      PipelineFigures figures = measure(options, data.path());
      new PipelineReport(figures).lines().forEach(spec.commandLine().getOut()::println);
      spec.commandLine().getOut().flush();
      if (json != null) {
        ResultFile.write(json, new PipelineReport(figures).json());
      }
      return figures.checkpoints().stream().anyMatch(c -> c.times().maxMs() >= CHECKPOINT_MS_MAX)
          ? ExitCodes.FAILURE
          : ExitCodes.OK;
    }
  }

  private void check() {
    if (seconds < 1 || flood < 1 || tokens < 1 || longTokens < 1 || savepoints < 0) {
      throw CommandFailure.wrongUse(
          "--seconds, --flood, --tokens and --long-tokens must be at least 1, --savepoints 0");
    }
    if (!(rate > 0 && rate <= 1000)) {
      throw CommandFailure.wrongUse("--rate is " + rate + ", must be above 0, at most 1000");
    }
    if (!List.of("rocksdb", "hashmap").contains(stateBackend)) {
      throw CommandFailure.wrongUse("--state-backend is rocksdb or hashmap");
    }
  }

  private PipelineFigures measure(Configuration options, Path data) throws Exception {
    PrintWriter err = spec.commandLine().getErr();
    Configuration flink = new Configuration();
    flink.setString("execution.checkpointing.interval", interval.toMillis() + " ms");
    flink.setString("state.backend.type", stateBackend);
    err.println("starting broker, cluster and model ...");
    err.flush();
    // One partition: what one tenant sends stands before what another sends later.
    try (Pipeline pipeline =
            Pipeline.start(
                new Pipeline.Settings(data, 0, 0, 0, options, 1, Map.of()).withFlink(flink),
                Models.local());
        PipelineBench bench =
            new PipelineBench(
                pipeline,
                new PipelineBench.Settings(
                    Duration.ofSeconds(seconds),
                    rate,
                    flood,
                    new PromptLoad.Wanted(tokens, null, false),
                    new PromptLoad.Wanted(longTokens, ENDLESS, true),
                    backlogPromptsMax(options),
                    savepoints,
                    SETTLE_MAX),
                messages(),
                data.resolve("savepoints"),
                line -> {
                  err.println(line);
                  err.flush();
                })) {
      return bench.run();
    }
  }

  /** Of all models: with one model, of its subtasks together. */
  private static long backlogPromptsMax(Configuration options) {
    long sequences = 0;
    for (String model : options.get(MillraceOptions.MODELS)) {
      ModelOptions of = new ModelOptions(model);
      sequences += (long) options.get(of.sequencesMax) * options.get(of.parallelism);
    }
    return sequences * options.get(MillraceOptions.BACKLOG_PER_SEQUENCE);
  }

  private static List<String> messages() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    List<String> messages = new ArrayList<>();
    for (String line : Files.readAllLines(Installation.heldOutMessages())) {
      messages.add(mapper.readTree(line).get("message").textValue());
    }
    return messages;
  }
}
