package io.millrace.engine.backend.cuda.nvml;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.millrace.engine.backend.DeviceMeters;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * NVML, loaded once in a process and never unloaded: engines that come and go ask the same. Where
 * it is missing nothing is measured, and one line of the log says so.
 */
public final class Nvml {
  private static final Logger LOG = LoggerFactory.getLogger(Nvml.class);
  private static final String NAME = "libnvidia-ml.so.1";
  private static final int UUID_BYTES = 96; // NVML_DEVICE_UUID_V2_BUFFER_SIZE
  private static boolean tried;
  private static NvmlLibrary loaded;

  private Nvml() {}

  /**
   * The meters of a GPU; empty where there is no NVML, it does not know the GPU, or the GPU is cut
   * into parts (MIG), of whose power nobody knows.
   *
   * @param busId such as {@code 0000:65:00.0}, as CUDA gives it: CUDA numbers devices otherwise
   */
  public static Optional<DeviceMeters> meters(String busId) {
    return device(busId).flatMap(device -> meters(busId, device));
  }

  private static Optional<DeviceMeters> meters(String busId, Pointer device) {
    IntByReference mig = new IntByReference();
    if (succeeds(() -> loaded.nvmlDeviceGetMigMode(device, mig, new IntByReference()))
        && mig.getValue() != 0) {
      LOG.info("GPU {} is cut into parts (MIG): its meters tell of all, and are not used", busId);
      return Optional.empty();
    }
    return Optional.of(new NvmlMeters(loaded, device, uuid(device).orElse(busId)));
  }

  /**
   * The number of a GPU in {@code nvidia-smi}; empty where there is no NVML, or it does not know
   * the GPU.
   *
   * @param busId such as {@code 0000:65:00.0}
   */
  public static OptionalInt index(String busId) {
    Optional<Pointer> device = device(busId);
    IntByReference index = new IntByReference();
    return device.isPresent() && succeeds(() -> loaded.nvmlDeviceGetIndex(device.get(), index))
        ? OptionalInt.of(index.getValue())
        : OptionalInt.empty();
  }

  private static Optional<Pointer> device(String busId) {
    if (!load()) {
      return Optional.empty();
    }
    PointerByReference device = new PointerByReference();
    return succeeds(() -> loaded.nvmlDeviceGetHandleByPciBusId_v2(busId, device))
        ? Optional.of(device.getValue())
        : Optional.empty();
  }

  private static Optional<String> uuid(Pointer device) {
    byte[] text = new byte[UUID_BYTES];
    if (!succeeds(() -> loaded.nvmlDeviceGetUUID(device, text, text.length))) {
      return Optional.empty();
    }
    int end = 0;
    while (end < text.length && text[end] != 0) {
      end++;
    }
    return Optional.of(new String(text, 0, end, US_ASCII));
  }

  private static synchronized boolean load() {
    if (!tried) {
      tried = true;
      try {
        NvmlLibrary library = Native.load(NAME, NvmlLibrary.class);
        int code = library.nvmlInit_v2();
        if (code == NvmlLibrary.SUCCESS) {
          loaded = library;
        } else {
          LOG.info("the GPU's memory and power are not measured: nvmlInit_v2 returned {}", code);
        }
      } catch (LinkageError e) { // no library, no JNA, or one that is not NVML
        LOG.info("the GPU's memory and power are not measured: {} does not load", NAME);
      }
    }
    return loaded != null;
  }

  /** Whether a call does what it should: not one that the device or the library does not have. */
  static boolean succeeds(IntSupplier call) {
    try {
      return call.getAsInt() == NvmlLibrary.SUCCESS;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }
}
