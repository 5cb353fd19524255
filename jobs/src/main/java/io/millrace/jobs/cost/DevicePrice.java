package io.millrace.jobs.cost;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * What a device's time costs, in exact decimal USD.
 *
 * <p>The price of a nanosecond is fixed once, rounded to the scale of all amounts; every cost is a
 * whole number of nanoseconds times it, so that the shares of a step sum to the step's cost
 * exactly.
 */
public final class DevicePrice implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Decimal places of every amount. */
  public static final int SCALE = 24;

  private static final BigDecimal USD_PER_HOUR_MAX = BigDecimal.valueOf(1_000_000);

  private static final BigDecimal NANOS_PER_HOUR = BigDecimal.valueOf(3_600_000_000_000L);

  private final BigDecimal usdPerNano;

  /**
   * @throws IllegalArgumentException if the price is negative, above a million, or has more than
   *     {@link #SCALE} decimal places
   */
  public DevicePrice(BigDecimal usdPerHour) {
    // With these bounds no amount outgrows its 38 digits, and none takes for ever to divide.
    if (usdPerHour.signum() < 0
        || usdPerHour.compareTo(USD_PER_HOUR_MAX) > 0
        || usdPerHour.scale() > SCALE) {
      throw new IllegalArgumentException(
          "the price of a device hour is "
              + usdPerHour
              + ", must be 0 to 1000000 USD with at most "
              + SCALE
              + " decimal places");
    }
    usdPerNano = usdPerHour.divide(NANOS_PER_HOUR, SCALE, RoundingMode.HALF_EVEN);
  }

  /**
   * USD, scale {@link #SCALE}.
   *
   * @param nanos device time, nanoseconds, not negative
   */
  public BigDecimal of(long nanos) {
    if (nanos < 0) {
      throw new IllegalArgumentException("device time is negative: " + nanos + " ns");
    }
    return ofSpared(nanos);
  }

  /**
   * USD, scale {@link #SCALE}.
   *
   * @param nanos device time that was spared, nanoseconds; negative if more was needed
   */
  BigDecimal ofSpared(long nanos) {
    return usdPerNano.multiply(BigDecimal.valueOf(nanos));
  }
}
