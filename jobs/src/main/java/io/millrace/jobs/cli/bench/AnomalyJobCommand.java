package io.millrace.jobs.cli.bench;

import io.millrace.jobs.cli.CommandFailure;
import io.millrace.jobs.cli.LogFile;
import io.millrace.jobs.cli.TemporaryDirectory;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code bench anomaly-job}: how many rows of costs the anomaly job takes in, and its state. */
@Command(
    name = "anomaly-job",
    description = {
      "Fill a topic of an embedded broker with rows of costs, run the anomaly job over it, and"
          + " measure rows a second and state.",
      "The time begins with the job's submission, before a thread of it runs."
    })
public final class AnomalyJobCommand implements Callable<Integer> {
  private static final long ROWS_MAX = 100_000_000;
  private static final int KEYS_MAX = 1_000_000;
  private static final int PARALLELISM_MAX = 64;

  @Spec private CommandSpec spec;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "2000000",
      description = "Rows in the topic. Default: ${DEFAULT-VALUE}")
  private long rows;

  @Option(
      names = "--keys",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Tenants, each with one model. Default: ${DEFAULT-VALUE}")
  private int keys;

  @Option(
      names = "--span",
      paramLabel = "T",
      defaultValue = "20m",
      description = "Event time of the rows; a window is a minute. Default: ${DEFAULT-VALUE}")
  private Duration span;

  @Option(
      names = "--parallelism",
      paramLabel = "N",
      defaultValue = "2",
      description = "Of the job. Default: ${DEFAULT-VALUE}")
  private int parallelism;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the result there, too.")
  private Path json;

  @Override
  public Integer call() throws Exception {
    check();
    try (TemporaryDirectory data = TemporaryDirectory.create("millrace-bench-")) {
      LogFile.into(data.path().resolve("logs"));
      AnomalyJobBench.Figures figures =
          new AnomalyJobBench(new CostRowsLoad(rows, keys, span), parallelism)
              .run(data.path().resolve("data"), this::tell);
      PrintWriter out = spec.commandLine().getOut();
      out.printf(
          Locale.ROOT,
          "%,d rows of %,d keys, %.0f bytes each, parallelism %d: %,.0f rows/s in %.1f s,"
              + " %.1f s of processor time%n",
          figures.rows(),
          figures.keys(),
          (double) figures.valueBytes() / figures.rows(),
          figures.parallelism(),
          figures.rowsPerSecond(),
          figures.seconds(),
          figures.cpuSeconds());
      out.printf(
          Locale.ROOT,
          "state %.1f MB, %.0f bytes a key; %d rows came too late%n",
          figures.stateBytes() / 1e6,
          figures.stateBytesPerKey(),
          figures.lateRows());
      out.flush();
      if (json != null) {
        ResultFile.write(json, result(figures));
      }
      return 0;
    }
  }

  private void check() {
    if (rows < 1 || rows > ROWS_MAX) {
      throw CommandFailure.wrongUse("--rows is " + rows + ", must be 1 to " + ROWS_MAX);
    }
    if (keys < 1 || keys > KEYS_MAX) {
      throw CommandFailure.wrongUse("--keys is " + keys + ", must be 1 to " + KEYS_MAX);
    }
    if (parallelism < 1 || parallelism > PARALLELISM_MAX) {
      throw CommandFailure.wrongUse(
          "--parallelism is " + parallelism + ", must be 1 to " + PARALLELISM_MAX);
    }
  }

  private static Map<String, Object> result(AnomalyJobBench.Figures figures) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("rows", figures.rows());
    result.put("keys", figures.keys());
    result.put("parallelism", figures.parallelism());
    result.put("value_bytes", figures.valueBytes());
    result.put("seconds", figures.seconds());
    result.put("cpu_seconds", figures.cpuSeconds());
    result.put("rows_per_second", figures.rowsPerSecond());
    result.put("state_bytes", figures.stateBytes());
    result.put("late_rows", figures.lateRows());
    return result;
  }

  private void tell(String line) {
    spec.commandLine().getErr().println(line);
    spec.commandLine().getErr().flush();
  }
}
