package io.millrace.jobs.cli.bench;

import io.millrace.engine.ModelSources;
import io.millrace.engine.convert.Quantizer;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.ModelOptions;
import io.millrace.jobs.cli.CommandFailure;
import io.millrace.jobs.cli.ExitCodes;
import io.millrace.jobs.cli.Installation;
import io.millrace.jobs.cli.LogFile;
import io.millrace.jobs.cli.TemporaryDirectory;
import io.millrace.jobs.cli.savings.SavingsBench;
import io.millrace.jobs.cli.savings.SavingsReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.configuration.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench savings}: what each way to save saves, on the shipped model. */
@Command(
    name = "savings",
    description = {
      "Answer the same prompts in stages: F16 one at a time, then with continuous batching,"
          + " speculation, dedup, prefix cache, 4-bit and 2-bit weights, each on top of the ones"
          + " before.",
      "Each stage runs in an embedded pipeline; what it costs is what its cost rows say. Beside it:"
          + " the claims of the article that asked for this."
    })
public final class SavingsCommand implements Callable<Integer> {
  private static final GgmlType TWO_BIT = GgmlType.Q2_K;
  private static final int REQUESTS_MAX = 100_000;

  @Spec private CommandSpec spec;

  @Option(
      names = "--requests",
      paramLabel = "N",
      defaultValue = "400",
      description = "Prompts in each stage. Default: ${DEFAULT-VALUE}")
  private int requests;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "2",
      description = "How often; each stage's cheapest run counts. Default: ${DEFAULT-VALUE}")
  private int rounds;

  @Option(
      names = "--device-hour-usd",
      paramLabel = "P",
      description = "Price of the device's time. Default: that of the option")
  private String deviceHourUsd;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there, too.")
  private Path json;

  @Override
  public Integer call() throws Exception {
    if (requests < 1 || requests > REQUESTS_MAX || rounds < 1) {
      throw CommandFailure.wrongUse(
          "--requests must be 1 to " + REQUESTS_MAX + ", --rounds at least 1");
    }
    Configuration options = options();
    try (TemporaryDirectory data = TemporaryDirectory.create("millrace-bench-")) {
      LogFile.into(data.path().resolve("logs"));
      SavingsReport report = measure(options, data.path());
      report.lines().forEach(spec.commandLine().getOut()::println);
      spec.commandLine().getOut().flush();
      if (json != null) {
        ResultFile.write(json, report.json());
      }
      return ExitCodes.OK;
    }
  }

  private Configuration options() {
    Configuration options = new Configuration();
    ModelOptions of = new ModelOptions(model(options));
    if (deviceHourUsd != null) {
      options.set(of.deviceHourUsd, deviceHourUsd);
    }
    try {
      MillraceOptions.validate(options);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.wrongUse(e.getMessage());
    }
    return options;
  }

  private SavingsReport measure(Configuration options, Path data) throws Exception {
    PrintWriter err = spec.commandLine().getErr();
    Path f16 = Installation.model(GgmlType.F16);
    Path twoBit = data.resolve("two-bit.gguf");
    quantize(f16, twoBit, err);
    return new SavingsBench(
            new SavingsBench.Weights(
                f16, Installation.model(GgmlType.Q4_0), twoBit, Installation.draft()),
            requests,
            options.get(new ModelOptions(model(options)).sequencesMax),
            options,
            model(options),
            Installation.heldOutMessages(),
            data,
            line -> {
              err.println(line);
              err.flush();
            })
        .run(rounds);
  }

  private static String model(Configuration options) {
    return options.get(MillraceOptions.MODELS).get(0);
  }

  private static void quantize(Path in, Path out, PrintWriter err) throws IOException {
    ExecutorService executor =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    try (ModelSource source = ModelSources.open(in)) {
      new Quantizer(TWO_BIT, false).write(source, out, executor, err::println);
    } finally {
      executor.shutdown();
    }
  }
}
