package io.millrace.jobs.testing;

import io.millrace.engine.backend.DeviceMeters;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** A GPU's meters that say what the test's thread says; -1 is a counter that the GPU lacks. */
public final class FakeMeters implements DeviceMeters {
  public long memoryUsedBytes = 5_000_000_000L;
  public long memoryTotalBytes = 150_000_000_000L;
  public double utilization = 0.25;
  public long powerMilliwatts = 350_500;
  public long energyMillijoules = 7_000_000_000_001L;

  @Override
  public String device() {
    return "GPU-5e1b";
  }

  @Override
  public OptionalLong memoryUsedBytes() {
    return known(memoryUsedBytes);
  }

  @Override
  public OptionalLong memoryTotalBytes() {
    return known(memoryTotalBytes);
  }

  @Override
  public OptionalDouble utilization() {
    return utilization < 0 ? OptionalDouble.empty() : OptionalDouble.of(utilization);
  }

  @Override
  public OptionalLong powerMilliwatts() {
    return known(powerMilliwatts);
  }

  @Override
  public OptionalLong energyMillijoules() {
    return known(energyMillijoules);
  }

  private static OptionalLong known(long value) {
    return value < 0 ? OptionalLong.empty() : OptionalLong.of(value);
  }
}
