package io.millrace.jobs.cost;

import java.io.Serializable;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.function.LongFunction;

/** By what a model's work is billed, as it travels to the tasks that do the work. */
public sealed interface Pricing extends Serializable {

  /** The meter of one task. */
  CostMeter open();

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

  /** By the token. */
  static Pricing tokens(ModelPrice price) {
    return new Tokens(price);
  }

  /** See {@link #deviceHour}. */
  record DeviceHour(BigDecimal usdPerHour, DevicePrice price) implements Pricing {
    @Override
    public CostMeter open() {
      CostMeter.DeviceRate rate =
          new CostMeter.DeviceRate(price, "device-hour", usdPerHour.toPlainString() + " USD/h");
      return new DeviceMeter(nowMs -> rate);
    }
  }

  /** See {@link #electricity}. */
  record Electricity(BigDecimal usdPerKwh, BigDecimal watts) implements Pricing {
    public Electricity {
      ElectricityRates.check(usdPerKwh, watts);
    }

    /**
     * @throws IllegalStateException if the power can neither be measured here nor is configured
     */
    @Override
    public CostMeter open() {
      LongFunction<CostMeter.DeviceRate> rates =
          new ElectricityRates(usdPerKwh, watts, RaplPower.find(Path.of("/sys/class/powercap")));
      return new DeviceMeter(rates);
    }
  }

  /** See {@link #tokens}. */
  record Tokens(ModelPrice price) implements Pricing {
    @Override
    public CostMeter open() {
      return new TokenMeter(price);
    }
  }
}
