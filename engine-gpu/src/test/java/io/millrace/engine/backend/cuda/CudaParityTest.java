package io.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.BackendParity;
import io.millrace.engine.backend.Tensor;
import io.millrace.engine.backend.cpu.CpuTensors;
import io.millrace.engine.backend.cuda.ptx.PtxDriver;

/** The CUDA backend against the scalar one, on an interpreter of its committed PTX. */
class CudaParityTest extends BackendParity {
  private CudaDriver driver;

  @Override
  protected Backend open() {
    driver = new PtxDriver(256 << 20);
    return new CudaBackend(driver);
  }

  @Override
  protected void fill(Backend backend, Tensor tensor, float[] x) {
    if (backend == scalar) {
      CpuTensors.fill(tensor, x);
      return;
    }
    try (CudaDriver.PinnedMemory pinned = driver.allocatePinned(4 * x.length);
        CudaDriver.Stream stream = driver.stream()) {
      pinned.buffer().asFloatBuffer().put(0, x);
      driver.copyToDevice(CudaTensor.of(tensor).address(), pinned, 0, 4 * x.length, stream);
      stream.synchronize();
    }
  }

  /** Splits of K are added in an order of their own: near to the last bits. */
  @Override
  protected void assertProducts(float[] expected, float[] actual) {
    float most = 0;
    for (float x : expected) {
      most = Math.max(most, Math.abs(x));
    }
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Math.abs(actual[i] - expected[i])).as("product %d", i).isLessThan(2e-6f * most);
    }
  }
}
