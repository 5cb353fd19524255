package io.millrace.jobs.cost;

import io.millrace.engine.backend.DeviceMeters;
import java.io.Serializable;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** By what a model's work is billed, as it travels to the tasks that do the work. */
public sealed interface Pricing extends Serializable {

  /**
   * Begins with one task, before its model is loaded.
   *
   * @param nowMs epoch milliseconds: what is measured of the machine is measured from now on
   */
  Opening begin(long nowMs);

  /** What is left to be known: what the model runs on. */
  @FunctionalInterface
  interface Opening {
    /**
     * The task's meter.
     *
     * @param device a GPU's own meters, if the model runs on one that has them
     * @param onGpu whether it runs on a GPU
     * @param nowMs epoch milliseconds: what is measured of the device is measured from now on
     * @throws IllegalStateException if something must be measured here and cannot be
     */
    CostMeter meter(Optional<DeviceMeters> device, boolean onGpu, long nowMs);
  }

  /** The meter of a task whose model runs on the machine's processors, or elsewhere. */
  default CostMeter open(long nowMs) {
    return begin(nowMs).meter(Optional.empty(), false, nowMs);
  }

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
    public Opening begin(long nowMs) {
      CostMeter.DeviceRate rate =
          new CostMeter.DeviceRate(price, "device-hour", usdPerHour.toPlainString() + " USD/h");
      return (device, onGpu, openedMs) -> new DeviceMeter(at -> rate);
    }
  }

  /** See {@link #electricity}. */
  record Electricity(BigDecimal usdPerKwh, BigDecimal watts) implements Pricing {
    private static final Path POWERCAP = Path.of("/sys/class/powercap");
    static final String MACHINE_UNMEASURED =
        "this machine draws cannot be measured (no readable RAPL counters)";
    static final String GPU_UNMEASURED =
        "this GPU draws cannot be measured (NVML has no counter of its energy)";

    public Electricity {
      ElectricityRates.check(usdPerKwh, watts);
    }

    @Override
    public Opening begin(long nowMs) {
      Optional<MeasuredPower> machine = RaplPower.find(POWERCAP, nowMs);
      return (device, onGpu, openedMs) ->
          new DeviceMeter(
              onGpu
                  ? new ElectricityRates(
                      usdPerKwh,
                      watts,
                      device.flatMap(meters -> DevicePower.find(meters, openedMs)),
                      GPU_UNMEASURED)
                  : new ElectricityRates(usdPerKwh, watts, machine, MACHINE_UNMEASURED));
    }
  }

  /** See {@link #remote}. */
  record Remote(String model, Map<String, ModelPrice> prices) implements Pricing {
    public Remote {
      prices = Map.copyOf(prices);
    }

    @Override
    public Opening begin(long nowMs) {
      return (device, onGpu, openedMs) -> new RemoteMeter(model, prices);
    }
  }

  /** See {@link #tokens}. */
  record Tokens(ModelPrice price, PriceTier tier) implements Pricing {
    @Override
    public Opening begin(long nowMs) {
      return (device, onGpu, openedMs) -> new TokenMeter(price, tier);
    }
  }
}
