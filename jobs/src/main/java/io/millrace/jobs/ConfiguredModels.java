package io.millrace.jobs;

import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import java.io.IOException;
import org.apache.flink.configuration.Configuration;

/** Models from files on this machine, and models that others serve, as each is configured. */
final class ConfiguredModels implements Models {
  private static final long serialVersionUID = 1L;

  private final Models here = new LocalModels();
  private final Models elsewhere = new RemoteModels();

  @Override
  public ModelProfile profile(Configuration options, String model) throws IOException {
    return of(options, model).profile(options, model);
  }

  @Override
  public OpenedModel open(Configuration options, String model) throws IOException {
    return of(options, model).open(options, model);
  }

  private Models of(Configuration options, String model) {
    return new RemoteModelOptions(model).remote(options) ? elsewhere : here;
  }
}
