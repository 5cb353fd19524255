package io.millrace.engine.backend.cuda;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a GPU, if there is one. */
public final class CudaBackends {
  private static final Logger LOG = LoggerFactory.getLogger(CudaBackends.class);

  /** Far more than a device's caches hold. */
  private static final long COPY_BYTES = 2L << 30;

  private CudaBackends() {}

  /**
   * A backend on a GPU of this machine.
   *
   * @param device which, from 0, of those that the driver shows (CUDA_VISIBLE_DEVICES)
   * @throws CudaException with one line that says why it cannot be had
   */
  public static CudaBackend open(int device) {
    return open(device, true);
  }

  /**
   * A backend on a GPU of this machine.
   *
   * @param device as {@link #open(int)} takes it
   * @param deterministic whether rows come out the same in any company
   * @throws CudaException as {@link #open(int)} does
   */
  public static CudaBackend open(int device, boolean deterministic) {
    return open(device, deterministic, true);
  }

  /**
   * A backend on a GPU of this machine.
   *
   * @param device as {@link #open(int)} takes it
   * @param deterministic as {@link #open(int, boolean)} takes it
   * @param graphs whether steps that come again are replayed as CUDA graphs
   * @throws CudaException as {@link #open(int)} does
   */
  public static CudaBackend open(int device, boolean deterministic, boolean graphs) {
    return new CudaBackend(DeviceDriver.open(device), graphs, deterministic);
  }

  /**
   * What the driver calls a device: {@code NVIDIA H200}.
   *
   * @throws CudaException as {@link #open(int)} does
   */
  public static String name(int device) {
    try (DeviceDriver driver = DeviceDriver.open(device)) {
      return driver.device().name();
    }
  }

  /**
   * Bytes per second that a device's memory reads and writes while it copies, measured.
   *
   * @throws CudaException as {@link #open(int)} does, or for want of some gigabytes of its memory
   */
  public static double copyBytesPerSecond(int device) {
    try (DeviceDriver driver = DeviceDriver.open(device)) {
      return CopyBandwidth.bytesPerSecond(driver, COPY_BYTES);
    }
  }

  /**
   * Whether a backend could be opened. Logs which GPU it is, or why there is none.
   *
   * @param device as {@link #open} takes it
   */
  public static boolean present(int device) {
    try (DeviceDriver driver = DeviceDriver.open(device)) {
      LOG.info("cuda computes: {}", driver.device());
      return true;
    } catch (CudaException e) {
      LOG.info("the CPU computes: {}", e.getMessage());
      return false;
    }
  }
}
