package io.millrace.engine.backend;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * What a device tells of itself while it works: read anew at each call, and empty where it has no
 * such counter or cannot be asked just now. All of the device is counted, whoever uses it.
 *
 * <p>Safe for use by several threads; a call takes well under a millisecond to a few.
 */
public interface DeviceMeters {

  /** The device's own name, the same wherever it is asked from: {@code GPU-5e1b6...}. */
  String device();

  /** Memory that is taken, bytes, with what the driver keeps for itself. */
  OptionalLong memoryUsedBytes();

  /** All of its memory, bytes. */
  OptionalLong memoryTotalBytes();

  /** Share of the latest while (a sixth of a second to a second) in which it computed, 0 to 1. */
  OptionalDouble utilization();

  /** Power that it draws now, or over the latest second, milliwatts. */
  OptionalLong powerMilliwatts();

  /** Energy that it has drawn since its driver was loaded, millijoules: only rises. */
  OptionalLong energyMillijoules();
}
