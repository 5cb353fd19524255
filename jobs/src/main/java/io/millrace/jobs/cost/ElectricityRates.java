package io.millrace.jobs.cost;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * What a device's time costs by the power that it draws: measured where that can be, else as
 * configured; the rate says which.
 *
 * <p>A measured rate holds for the time since the one before it, and is taken for what ends now:
 * rows of a changing load are as good as that, and what a row says can be checked from it.
 */
final class ElectricityRates implements LongFunction<CostMeter.DeviceRate> {
  private static final BigDecimal USD_PER_KWH_MAX = BigDecimal.valueOf(1_000);
  private static final BigDecimal WATTS_MAX = BigDecimal.valueOf(1_000_000);
  private static final int PLACES_MAX = 9;

  private final BigDecimal usdPerKwh;
  private final MeasuredPower measured;
  private final CostMeter.DeviceRate configured;
  private BigDecimal lastWatts;
  private CostMeter.DeviceRate last;

  /**
   * @param watts as configured; 0 if that is not known
   * @param measured of what computes
   * @param missing which device it is, and which counters it lacks if it is not measured
   * @throws IllegalStateException if there is neither a measurement nor a configured figure
   */
  ElectricityRates(
      BigDecimal usdPerKwh, BigDecimal watts, Optional<MeasuredPower> measured, String missing) {
    check(usdPerKwh, watts);
    this.usdPerKwh = usdPerKwh;
    this.measured = measured.orElse(null);
    if (watts.signum() == 0 && this.measured == null) {
      throw new IllegalStateException(
          "the power that "
              + missing
              + ": say how many watts the device draws (millrace.model.NAME.watts)");
    }
    this.configured = watts.signum() == 0 ? null : rate(watts, "electricity-configured");
  }

  /**
   * @throws IllegalArgumentException if these are no price and no power
   */
  static void check(BigDecimal usdPerKwh, BigDecimal watts) {
    within("the price of a kWh", usdPerKwh, USD_PER_KWH_MAX, "USD");
    within("the device's power", watts, WATTS_MAX, "watts");
  }

  private static void within(String name, BigDecimal value, BigDecimal max, String unit) {
    if (value.signum() < 0 || value.compareTo(max) > 0 || value.scale() > PLACES_MAX) {
      throw new IllegalArgumentException(
          name
              + " is "
              + value
              + ", must be 0 to "
              + max
              + " "
              + unit
              + " with at most "
              + PLACES_MAX
              + " decimal places");
    }
  }

  /** Null if nobody knows: in the first second of a device whose power is only measured. */
  @Override
  public CostMeter.DeviceRate apply(long nowMs) {
    BigDecimal watts = measured == null ? null : measured.watts(nowMs);
    if (watts == null) {
      return configured;
    }
    if (lastWatts == null || watts.compareTo(lastWatts) != 0) {
      lastWatts = watts;
      last = rate(watts, "electricity-measured");
    }
    return last;
  }

  private CostMeter.DeviceRate rate(BigDecimal watts, String source) {
    BigDecimal usdPerHour = usdPerKwh.multiply(watts).movePointLeft(3);
    return new CostMeter.DeviceRate(
        new DevicePrice(usdPerHour.setScale(DevicePrice.SCALE, RoundingMode.UNNECESSARY)),
        source,
        usdPerKwh.toPlainString() + " USD/kWh x " + watts.toPlainString() + " W");
  }
}
