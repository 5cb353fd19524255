package io.millrace.jobs.cost;

import io.millrace.engine.backend.DeviceMeters;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The power that a device draws by its own counter of energy. All of it is counted, whoever uses
 * it; the machine around it is not.
 */
final class DevicePower implements MeasuredPower.EnergyCounter {
  private static final int WATTS_SCALE = 3;
  private static final long MICROJOULES = 1_000;

  private final DeviceMeters meters;
  private long lastMillijoules;

  private DevicePower(DeviceMeters meters, long millijoules) {
    this.meters = meters;
    this.lastMillijoules = millijoules;
  }

  /**
   * A device's power, if it counts energy; in the first second what it says that it draws.
   *
   * @param nowMs when measuring begins
   */
  static Optional<MeasuredPower> find(DeviceMeters meters, long nowMs) {
    OptionalLong millijoules = meters.energyMillijoules();
    if (millijoules.isEmpty()) {
      return Optional.empty();
    }
    OptionalLong milliwatts = meters.powerMilliwatts();
    return Optional.of(
        new MeasuredPower(
            new DevicePower(meters, millijoules.getAsLong()),
            nowMs,
            milliwatts.isPresent()
                ? BigDecimal.valueOf(milliwatts.getAsLong(), WATTS_SCALE)
                : null));
  }

  @Override
  public long drawnMicrojoules() throws IOException {
    long now =
        meters
            .energyMillijoules()
            .orElseThrow(() -> new IOException("the device no longer counts its energy"));
    // Smaller than before: the driver was loaded anew, and counts from 0.
    long drawn = now >= lastMillijoules ? now - lastMillijoules : now;
    lastMillijoules = now;
    return drawn * MICROJOULES;
  }
}
