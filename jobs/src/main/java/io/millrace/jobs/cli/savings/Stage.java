package io.millrace.jobs.cli.savings;

import io.millrace.jobs.ModelOptions;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.configuration.Configuration;

/**
 * One way to answer all prompts: the stage before, with one thing more.
 *
 * @param name what is new
 * @param weights the model's file
 * @param sequences in a batch at most
 * @param draft what drafts tokens, or null
 * @param dedup whether equal prompts are answered once
 * @param prefixCache whether equal beginnings are computed once
 */
record Stage(
    String name, Path weights, int sequences, Path draft, boolean dedup, boolean prefixCache) {

  /**
   * From one prompt at a time to all that there is, then with ever smaller weights.
   *
   * @param batch sequences in a batch
   */
  static List<Stage> all(Path f16, Path fourBit, Path twoBit, Path draft, int batch) {
    return List.of(
        new Stage("F16, one at a time", f16, 1, null, false, false),
        new Stage("+ continuous batching", f16, batch, null, false, false),
        new Stage("+ speculation", f16, batch, draft, false, false),
        new Stage("+ dedup", f16, batch, draft, true, false),
        new Stage("+ prefix cache", f16, batch, draft, true, true),
        new Stage("+ 4-bit weights", fourBit, batch, draft, true, true),
        new Stage("+ 2-bit weights", twoBit, batch, draft, true, true));
  }

  /** The job's options for it. */
  Configuration options(Configuration common, String model) {
    Configuration options = new Configuration(common);
    ModelOptions of = new ModelOptions(model);
    options.set(of.path, weights.toString());
    options.set(of.sequencesMax, sequences);
    options.set(of.prefixCache, prefixCache);
    options.removeConfig(of.draft);
    if (draft != null) {
      options.set(of.draft, draft.toString());
    }
    return options;
  }
}
