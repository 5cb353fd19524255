package io.millrace.engine.bench;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.backend.cuda.CudaBackends;

/**
 * What computes, and what it can do.
 *
 * @param kind not {@link BackendKind#AUTO}
 * @param index which GPU
 * @param name of the device
 */
record BenchDevice(BackendKind kind, int index, String name, Roofline roofline) {
  private static final int COPY_BYTES = 64 << 20;
  private static final int COPIES = 10;

  /**
   * Opens a device and measures its memory.
   *
   * @throws IllegalStateException with one line that says why it cannot be had
   */
  static BenchDevice open(BackendKind asked, int index) {
    BackendKind kind = asked.resolve(index);
    if (kind == BackendKind.CUDA) {
      String name = CudaBackends.name(index);
      return new BenchDevice(
          kind, index, name, Roofline.of(name, CudaBackends.copyBytesPerSecond(index)));
    }
    String name =
        Runtime.getRuntime().availableProcessors()
            + " processors, "
            + System.getProperty("os.arch");
    return new BenchDevice(kind, index, name, Roofline.of(name, copiesOnHost()));
  }

  /** One thread's. */
  private static double copiesOnHost() {
    byte[] from = new byte[COPY_BYTES];
    byte[] to = new byte[COPY_BYTES];
    long shortest = Long.MAX_VALUE;
    for (int i = 0; i < COPIES; i++) {
      from[i]++;
      long start = System.nanoTime();
      System.arraycopy(from, 0, to, 0, COPY_BYTES);
      shortest = Math.min(shortest, System.nanoTime() - start);
    }
    return 2e9 * COPY_BYTES / shortest;
  }

  /**
   * @param graphs whether a GPU replays steps as graphs
   */
  Backend backend(boolean deterministic, boolean graphs) {
    return kind == BackendKind.CUDA
        ? CudaBackends.open(index, deterministic, graphs)
        : kind.open(Runtime.getRuntime().availableProcessors(), index, deterministic);
  }
}
