package io.millrace.engine.backend.cuda;

/** How fast a device copies within its memory: what steps bound by memory can reach at most. */
final class CopyBandwidth {
  private static final int REPEATS = 20;

  private CopyBandwidth() {}

  /**
   * The fastest of some copies.
   *
   * @param bytes of one copy; twice that is taken meanwhile
   * @return bytes read and bytes written together, per second
   * @throws CudaException if there is not the memory
   */
  static double bytesPerSecond(CudaDriver driver, long bytes) {
    try (CudaDriver.Stream stream = driver.stream();
        CudaDriver.DeviceMemory from = driver.allocate("a copy's source", bytes);
        CudaDriver.DeviceMemory to = driver.allocate("a copy's target", bytes);
        CudaDriver.Event begin = driver.event();
        CudaDriver.Event end = driver.event()) {
      driver.fill(from.address(), (byte) 1, bytes, stream);
      double shortest = Double.POSITIVE_INFINITY; // milliseconds
      for (int i = 0; i < REPEATS; i++) {
        begin.record(stream);
        driver.copyOnDevice(to.address(), from.address(), bytes, stream);
        end.record(stream);
        end.synchronize();
        shortest = Math.min(shortest, end.millisSince(begin));
      }
      return 2e3 * bytes / shortest;
    }
  }
}
