package io.millrace.jobs;

import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import java.io.IOException;
import java.io.Serializable;
import org.apache.flink.configuration.Configuration;

/** Opens configured models where they are needed: to admit for them, and to run them. */
public interface Models extends Serializable {

  /** What admission must know of a model. */
  ModelProfile profile(Configuration options, String model) throws IOException;

  /** The model with an engine of its own, ready to run. */
  OpenedModel open(Configuration options, String model) throws IOException;

  /** Models from files on this machine, and models that others serve, as each is configured. */
  static Models configured() {
    return new ConfiguredModels();
  }

  /** Models from files on this machine. */
  static Models local() {
    return new LocalModels();
  }
}
