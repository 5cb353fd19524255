package io.millrace.engine.backend.cuda.nvml;

import static io.millrace.engine.backend.cuda.nvml.Nvml.succeeds;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import io.millrace.engine.backend.DeviceMeters;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** One GPU's meters. NVML is safe for use by several threads, and so is this. */
final class NvmlMeters implements DeviceMeters {
  private static final long UNSIGNED = 0xffff_ffffL;

  private final NvmlLibrary nvml;
  private final Pointer handle;
  private final String uuid;

  NvmlMeters(NvmlLibrary nvml, Pointer handle, String uuid) {
    this.nvml = nvml;
    this.handle = handle;
    this.uuid = uuid;
  }

  @Override
  public String device() {
    return uuid;
  }

  @Override
  public OptionalLong memoryUsedBytes() {
    return memory(2);
  }

  @Override
  public OptionalLong memoryTotalBytes() {
    return memory(0);
  }

  private OptionalLong memory(int part) {
    long[] memory = new long[3];
    return succeeds(() -> nvml.nvmlDeviceGetMemoryInfo(handle, memory))
        ? OptionalLong.of(memory[part])
        : OptionalLong.empty();
  }

  @Override
  public OptionalDouble utilization() {
    int[] percent = new int[2];
    return succeeds(() -> nvml.nvmlDeviceGetUtilizationRates(handle, percent))
        ? OptionalDouble.of(percent[0] / 100.0)
        : OptionalDouble.empty();
  }

  @Override
  public OptionalLong powerMilliwatts() {
    IntByReference milliwatts = new IntByReference();
    return succeeds(() -> nvml.nvmlDeviceGetPowerUsage(handle, milliwatts))
        ? OptionalLong.of(milliwatts.getValue() & UNSIGNED)
        : OptionalLong.empty();
  }

  @Override
  public OptionalLong energyMillijoules() {
    LongByReference millijoules = new LongByReference();
    return succeeds(() -> nvml.nvmlDeviceGetTotalEnergyConsumption(handle, millijoules))
        ? OptionalLong.of(millijoules.getValue())
        : OptionalLong.empty();
  }
}
