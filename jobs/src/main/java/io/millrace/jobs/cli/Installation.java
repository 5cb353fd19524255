package io.millrace.jobs.cli;

import io.millrace.engine.gguf.GgmlType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Where Millrace is installed, and what is shipped with it. */
public final class Installation {
  private static final String HOME = "millrace.home";
  private static final String MODELS = "engine-gpu/models";

  private Installation() {}

  /** The model that answers where nothing else is configured. */
  public static Path model() {
    return model(GgmlType.Q8_0);
  }

  /**
   * The same model in another type.
   *
   * @param type F16, Q8_0 or Q4_0
   */
  public static Path model(GgmlType type) {
    return shipped(MODELS + "/tickets-target-" + type.name().toLowerCase(Locale.ROOT) + ".gguf");
  }

  /** The model that drafts for {@link #model}. */
  public static Path draft() {
    return shipped(MODELS + "/tickets-draft-q8_0.gguf");
  }

  /** Messages that the shipped model was not trained on, with the answers wanted. */
  public static Path heldOutMessages() {
    return shipped(MODELS + "/heldout/seen.jsonl");
  }

  /** The configuration of a real cluster. */
  public static Path flinkConf() {
    return shipped("flink-conf/config.yaml").getParent();
  }

  private static Path shipped(String file) {
    Path path = Path.of(System.getProperty(HOME, "."), file).toAbsolutePath().normalize();
    if (!Files.isReadable(path)) {
      throw CommandFailure.failed(path + " is missing; is this a complete copy of Millrace?");
    }
    return path;
  }
}
