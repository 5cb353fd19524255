package io.millrace.jobs.cost;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.function.LongFunction;

/** Bills the device's time. */
final class DeviceMeter implements CostMeter {
  private static final Charge UNKNOWN =
      Charge.unpriced(null, "electricity-measured", "no second yet");

  private final LongFunction<DeviceRate> rates;

  /**
   * @param rates the price in force at a time, epoch milliseconds; null where nobody knows it
   */
  DeviceMeter(LongFunction<DeviceRate> rates) {
    this.rates = rates;
  }

  @Override
  public Charge work(Work work, long nowMs) {
    DeviceRate rate = rates.apply(nowMs);
    if (rate == null) {
      return UNKNOWN;
    }
    BigDecimal input = rate.usd(work.prefillNanos());
    return new Charge(
        input,
        rate.usd(work.decodeNanos()),
        savedByPrefix(input, work),
        rate.price().ofSpared(work.savedNanos()),
        Charge.NOTHING,
        null,
        rate.source(),
        rate.version());
  }

  /** Cached prompt tokens at the price of those that had to be computed. */
  private static BigDecimal savedByPrefix(BigDecimal inputUsd, Work work) {
    if (work.cachedTokens() == 0 || work.freshTokens() == 0) {
      return Charge.NOTHING;
    }
    return inputUsd
        .multiply(BigDecimal.valueOf(work.cachedTokens()))
        .divide(BigDecimal.valueOf(work.freshTokens()), DevicePrice.SCALE, RoundingMode.HALF_EVEN);
  }

  @Override
  public Charge time(long nanos, long nowMs) {
    DeviceRate rate = rates.apply(nowMs);
    if (rate == null) {
      return UNKNOWN;
    }
    BigDecimal nothing = Charge.NOTHING;
    return new Charge(
        nothing, rate.usd(nanos), nothing, nothing, nothing, null, rate.source(), rate.version());
  }
}
