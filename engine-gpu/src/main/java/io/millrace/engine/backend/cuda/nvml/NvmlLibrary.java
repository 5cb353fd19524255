package io.millrace.engine.backend.cuda.nvml;

import com.sun.jna.Library;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;

/**
 * The functions of {@code libnvidia-ml.so.1} that are used, as {@code nvml.h} declares them. Each
 * returns {@code NVML_SUCCESS}, 0, or why not. One that the installed library lacks throws {@link
 * UnsatisfiedLinkError} when it is called.
 */
interface NvmlLibrary extends Library {
  int SUCCESS = 0;

  int nvmlInit_v2();

  /**
   * @param busId such as {@code 0000:65:00.0}
   */
  int nvmlDeviceGetHandleByPciBusId_v2(String busId, PointerByReference device);

  /** The number that {@code nvidia-smi} gives it: in the order of PCI bus ids. */
  int nvmlDeviceGetIndex(Pointer device, IntByReference index);

  /**
   * @param uuid gets a text that ends with a 0
   */
  int nvmlDeviceGetUUID(Pointer device, byte[] uuid, int length);

  /**
   * @param current gets 1 where the device is cut into parts
   * @param pending gets the same, as of its next reset
   */
  int nvmlDeviceGetMigMode(Pointer device, IntByReference current, IntByReference pending);

  /**
   * @param memory nvmlMemory_t: total, free and used, 64 bits each, bytes
   */
  int nvmlDeviceGetMemoryInfo(Pointer device, long[] memory);

  /**
   * @param utilization nvmlUtilization_t: of the kernels and of the memory, 32 bits each, percent
   */
  int nvmlDeviceGetUtilizationRates(Pointer device, int[] utilization);

  int nvmlDeviceGetPowerUsage(Pointer device, IntByReference milliwatts);

  /** Since Volta. */
  int nvmlDeviceGetTotalEnergyConsumption(Pointer device, LongByReference millijoules);
}
