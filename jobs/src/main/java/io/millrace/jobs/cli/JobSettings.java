package io.millrace.jobs.cli;

import io.millrace.jobs.BudgetOptions;
import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.ModelOptions;
import io.millrace.jobs.RemoteModelOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import picocli.CommandLine.Option;

/** The options of every command that runs the inference job. */
public final class JobSettings {
  /** Options about the brokers, which the embedded one answers. */
  private static final Set<String> OWN_BROKER =
      Set.of(MillraceOptions.KAFKA_BOOTSTRAP.key(), MillraceOptions.KAFKA_CONFIG.key());

  @Option(
      names = "--model",
      paramLabel = "M.gguf",
      description = "Answer with this model instead of the shipped one.")
  private Path model;

  @Option(
      names = "--draft",
      paramLabel = "D.gguf",
      description =
          "A smaller model of the same vocabulary, which drafts tokens: faster, the same answers."
              + " The shipped model has one.")
  private Path draft;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Set an option of the job, such as millrace.cache.ttl=1h. Repeatable.")
  private Map<String, String> set = new LinkedHashMap<>();

  /**
   * The job's configuration: what was set, and a path for the first model.
   *
   * @throws CommandFailure naming what is wrong
   */
  public Configuration configuration() {
    Configuration options = new Configuration();
    for (Map.Entry<String, String> entry : set.entrySet()) {
      if (!entry.getKey().startsWith(MillraceOptions.PREFIX)) {
        throw CommandFailure.wrongUse(
            "--set " + entry.getKey() + ": options start with " + MillraceOptions.PREFIX);
      }
      if (OWN_BROKER.contains(entry.getKey())) {
        throw CommandFailure.wrongUse(
            "--set " + entry.getKey() + ": this command has a broker of its own");
      }
      options.setString(entry.getKey(), entry.getValue());
    }
    try {
      List<String> models = options.get(MillraceOptions.MODELS);
      ModelOptions first = new ModelOptions(models.get(0));
      boolean remote = new RemoteModelOptions(models.get(0)).remote(options);
      if (model != null || (!remote && !options.contains(first.path))) {
        options.set(first.path, modelFile().toString());
        if (model == null && draft == null && !options.contains(first.draft)) {
          options.set(first.draft, Installation.draft().toString());
        }
      }
      if (draft != null) {
        options.set(first.draft, readable("--draft", draft).toString());
      }
      MillraceOptions.validate(options);
      BudgetOptions.read(options);
      MillraceOptions.describe(options); // reads them all, so that a wrong value is told here
    } catch (IllegalArgumentException e) {
      throw CommandFailure.wrongUse(e.getMessage());
    }
    return options;
  }

  private Path modelFile() {
    if (model == null) {
      return Installation.model();
    }
    return readable("--model", model);
  }

  private static Path readable(String option, Path file) {
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      throw CommandFailure.wrongUse(option + " " + file + " is no file that can be read");
    }
    return file.toAbsolutePath().normalize();
  }
}
