package io.millrace.engine.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.backend.cuda.CudaBackend;
import io.millrace.engine.backend.cuda.ptx.PtxDriver;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.model.Weights;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class StepRunTest {
  private long now;

  /** The kernels, interpreted; a clock that ticks once a look. */
  @Test
  void stepsOfTheCudaBackendRunAndAreTimed() throws IOException {
    try (Backend backend = new CudaBackend(new PtxDriver(1L << 24));
        ModelSource source = BenchModel.named("tinier-q4_0").source();
        Weights weights = Weights.load(source, backend);
        StepRun run = new StepRun(weights, backend, KvType.INT8, 2, 3, () -> now++)) {
      assertThat(run.fill(2, 1)).isEqualTo(2);
      assertThat(run.decode(2, 0)).isEqualTo(1);
    }
  }

  @Test
  void promptsThatTimeDoesNotAllowAreNotComputed() throws IOException {
    try (Backend backend = new CudaBackend(new PtxDriver(1L << 24));
        ModelSource source = BenchModel.named("tinier-q4_0").source();
        Weights weights = Weights.load(source, backend);
        StepRun run = new StepRun(weights, backend, KvType.INT8, 3, 1, () -> now++)) {
      assertThat(run.fill(3, 4e-9)).isEqualTo(1);
    }
  }
}
