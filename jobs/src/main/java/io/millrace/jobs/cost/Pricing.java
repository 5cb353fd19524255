package io.millrace.jobs.cost;

import java.io.Serializable;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.LongFunction;

/** By what a model's work is billed, as it travels to the tasks that do the work. */
public sealed interface Pricing extends Serializable {

  /**
   * The meter of one task.
   *
   * @param nowMs epoch milliseconds: what is measured is measured from now on
   * @throws IllegalStateException if something must be measured here and cannot be
   */
  CostMeter open(long nowMs);

  /** By the hour of the device. */
  static Pricing deviceHour(BigDecimal usdPerHour) {
    return new DeviceHour(usdPerHour, new DevicePrice(usdPerHour));
  }

  /**
   * By what the device draws.
   *
   * @param usdPerKwh price of a kilowatt hour, USD
   * @param watts what it draws where that cannot be measured; 0 if that is not known
   */
  static Pricing electricity(BigDecimal usdPerKwh, BigDecimal watts) {
    return new Electricity(usdPerKwh, watts);
  }

  /** By the token, at the standard price. */
  static Pricing tokens(ModelPrice price) {
    return tokens(price, PriceTier.STANDARD);
  }

  /** By the token, at a tier's price. */
  static Pricing tokens(ModelPrice price, PriceTier tier) {
    return new Tokens(price, tier);
  }

  /**
   * By what providers say they bill for.
   *
   * @param model the configured name of a remote model
   * @param prices by configured name: of the model, and of those that it falls back on
   */
  static Pricing remote(String model, Map<String, ModelPrice> prices) {
    return new Remote(model, prices);
  }

  /** See {@link #deviceHour}. */
  record DeviceHour(BigDecimal usdPerHour, DevicePrice price) implements Pricing {
    @Override
    public CostMeter open(long nowMs) {
      CostMeter.DeviceRate rate =
          new CostMeter.DeviceRate(price, "device-hour", usdPerHour.toPlainString() + " USD/h");
      return new DeviceMeter(at -> rate);
    }
  }

  /** See {@link #electricity}. */
  record Electricity(BigDecimal usdPerKwh, BigDecimal watts) implements Pricing {
    private static final Path POWERCAP = Path.of("/sys/class/powercap");

    public Electricity {
      ElectricityRates.check(usdPerKwh, watts);
    }

    @Override
    public CostMeter open(long nowMs) {
      LongFunction<CostMeter.DeviceRate> rates =
          new ElectricityRates(usdPerKwh, watts, RaplPower.find(POWERCAP, nowMs));
      return new DeviceMeter(rates);
    }
  }

  /** See {@link #remote}. */
  record Remote(String model, Map<String, ModelPrice> prices) implements Pricing {
    public Remote {
      prices = Map.copyOf(prices);
    }

    @Override
    public CostMeter open(long nowMs) {
      return new RemoteMeter(model, prices);
    }
  }

  /** See {@link #tokens}. */
  record Tokens(ModelPrice price, PriceTier tier) implements Pricing {
    @Override
    public CostMeter open(long nowMs) {
      return new TokenMeter(price, tier);
    }
  }
}
