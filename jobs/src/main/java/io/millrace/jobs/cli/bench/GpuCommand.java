package io.millrace.jobs.cli.bench;

import io.millrace.engine.bench.GpuBench;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code bench gpu}: what a device does with models of random weights. */
@Command(
    name = "gpu",
    description = {
      "Measure a GPU, or the processor, on models of known shapes with random weights, against what"
          + " its memory and arithmetic allow: prompts, decoding, launching, speculation,"
          + " continuous batching.",
      "Options, each followed by a value: --backend, --device, --parts, --models, --draft,"
          + " --batches, --context, --kv, --seconds, --fill-seconds, --requests, --results;"
          + " docs/BENCHMARKS.md says what they mean. table FILE writes results as Markdown."
    })
public final class GpuCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** The engine reads them itself: it has this program without this command line, too. */
  @Unmatched private List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() {
    return GpuBench.run(arguments, spec.commandLine().getOut(), spec.commandLine().getErr());
  }
}
