package io.millrace.jobs;

import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.backend.cuda.CudaBackends;
import io.millrace.engine.backend.cuda.CudaException;
import io.millrace.jobs.generate.GenerateSpec.ModelSource;
import io.millrace.jobs.generate.GenerateSpec.OpenedModel;
import io.millrace.jobs.generate.MissingDeviceException;
import java.io.IOException;
import java.util.OptionalInt;
import org.apache.flink.configuration.Configuration;

/**
 * One model as it is configured, to be opened where its task runs.
 *
 * @param models opens it
 * @param options the job's
 * @param model the configured name
 */
record ConfiguredModel(Models models, Configuration options, String model) implements ModelSource {

  @Override
  public OpenedModel open(OptionalInt gpu) throws IOException {
    return models.open(placed(gpu), model);
  }

  /**
   * The options, with the device that Flink gives if they name none.
   *
   * @throws MissingDeviceException if there must be a GPU and there is none
   */
  private Configuration placed(OptionalInt gpu) {
    ModelOptions of = new ModelOptions(model);
    BackendKind backend = options.get(of.backend);
    if (new RemoteModelOptions(model).remote(options)
        || (backend != BackendKind.AUTO && backend != BackendKind.CUDA)) {
      return options;
    }
    Configuration placed = new Configuration(options);
    try {
      if (gpu.isPresent() && !options.contains(of.device)) {
        placed.set(of.device, CudaBackends.device(gpu.getAsInt()));
      }
      if (backend == BackendKind.CUDA) {
        CudaBackends.require(placed.get(of.device));
      }
      return placed;
    } catch (CudaException e) {
      throw new MissingDeviceException("model " + model + " has no GPU here: " + e.getMessage());
    }
  }
}
