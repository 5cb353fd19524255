package io.millrace.jobs;

import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import org.apache.flink.configuration.Configuration;

/** Models from GGUF files on this machine. */
final class LocalModels implements Models {
  private static final long serialVersionUID = 1L;

  @Override
  public ModelProfile profile(Configuration options, String model) {
    throw new UnsupportedOperationException("the engine comes with the next change");
  }

  @Override
  public OpenedModel open(Configuration options, String model) {
    throw new UnsupportedOperationException("the engine comes with the next change");
  }
}
