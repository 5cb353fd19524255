package io.millrace.jobs.fuzz;

import io.millrace.jobs.Models;
import io.millrace.jobs.admit.ModelProfile;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import java.io.IOException;
import org.apache.flink.configuration.Configuration;

/** Admits for a real model, tokenizer and chat template, and answers with {@link QuickEngine}. */
final class QuickModels implements Models {
  private static final long serialVersionUID = 1L;

  @Override
  public ModelProfile profile(Configuration options, String model) throws IOException {
    return Models.local().profile(options, model);
  }

  @Override
  public OpenedModel open(Configuration options, String model) throws IOException {
    OpenedModel real = Models.local().open(options, model);
    real.engine().close();
    return new OpenedModel(
        new QuickEngine(), real.tokenizer(), "fake", real.digest(), real.release());
  }
}
