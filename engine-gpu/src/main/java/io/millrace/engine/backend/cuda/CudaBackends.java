package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.cuda.nvml.Nvml;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens a GPU, if there is one. */
public final class CudaBackends {
  private static final Logger LOG = LoggerFactory.getLogger(CudaBackends.class);

  /** Far more than a device's caches hold. */
  private static final long COPY_BYTES = 2L << 30;

  /** Each engine asks; what was said once is known. At most one line a device. */
  private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

  private CudaBackends() {}

  /**
   * A backend on a GPU of this machine. Logs, once, which GPU it is.
   *
   * @param device which, from 0, of those that the driver shows (CUDA_VISIBLE_DEVICES)
   * @throws CudaException with one line that says why it cannot be had
   */
  public static CudaBackend open(int device) {
    return open(device, true);
  }

  /**
   * A backend on a GPU of this machine. Logs, once, which GPU it is.
   *
   * @param device as {@link #open(int)} takes it
   * @param deterministic whether rows come out the same in any company
   * @throws CudaException as {@link #open(int)} does
   */
  public static CudaBackend open(int device, boolean deterministic) {
    return open(device, deterministic, true);
  }

  /**
   * A backend on a GPU of this machine. Logs, once, which GPU it is.
   *
   * @param device as {@link #open(int)} takes it
   * @param deterministic as {@link #open(int, boolean)} takes it
   * @param graphs whether steps that come again are replayed as CUDA graphs
   * @throws CudaException as {@link #open(int)} does
   */
  public static CudaBackend open(int device, boolean deterministic, boolean graphs) {
    DeviceDriver driver = DeviceDriver.open(device);
    say("cuda computes: " + driver.device());
    return new CudaBackend(driver, graphs, deterministic);
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
   * Whether a backend could be opened. Logs, once, which GPU it is, or why there is none.
   *
   * @param device as {@link #open} takes it
   */
  public static boolean present(int device) {
    try (DeviceDriver driver = DeviceDriver.open(device)) {
      say("cuda computes: " + driver.device());
      return true;
    } catch (CudaException e) {
      say("the CPU computes: " + e.getMessage());
      return false;
    }
  }

  /**
   * @throws CudaException with one line that says why no backend can be opened on this device
   */
  public static void require(int device) {
    DeviceDriver.open(device).close();
  }

  private static void say(String line) {
    if (SAID.add(line)) {
      LOG.info("{}", line);
    }
  }

  /**
   * Which device the GPU is that {@code nvidia-smi}, and so Flink, calls by a number. CUDA counts
   * only what CUDA_VISIBLE_DEVICES leaves the process, and counts the fastest first.
   *
   * @param index the number in {@code nvidia-smi}, from 0
   * @return the device as {@link #open} takes it; the same number where that cannot be asked
   * @throws CudaException with one line that says so, if this process does not see that GPU
   */
  public static int device(int index) {
    int devices;
    try {
      CudaCalls.initialise();
      devices = CudaCalls.devices();
    } catch (CudaException e) { // whoever opens it is told why
      return index;
    }
    for (int device = 0; device < devices; device++) {
      OptionalInt known = Nvml.index(CudaCalls.pciBusId(device));
      if (known.isEmpty()) {
        return index;
      }
      if (known.getAsInt() == index) {
        return device;
      }
    }
    if (devices == 0) {
      return index;
    }
    throw new CudaException(
        "GPU " + index + " of nvidia-smi is not one of the " + devices + " that this process sees");
  }
}
