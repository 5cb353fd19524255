package io.millrace.jobs.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.testing.FakeMeters;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A model on a GPU is billed for what the GPU draws. */
class DevicePowerTest {
  private static final Work SECOND = new Work(400_000_000, 600_000_000, 1, 0, 1, 0);
  private static final BigDecimal KWH = new BigDecimal("0.25");

  private final FakeMeters meters = new FakeMeters();

  @Test
  void isTheEnergyOfTheDeviceByTime() {
    MeasuredPower power = DevicePower.find(meters, 10_000).orElseThrow();
    assertThat(power.watts(10_999)).as("what it says at first").isEqualByComparingTo("350.5");
    meters.energyMillijoules += 1_000_000; // 1 kJ in 2 s
    assertThat(power.watts(12_000)).isEqualByComparingTo("500");
    meters.energyMillijoules += 700_001;
    assertThat(power.watts(12_999)).as("until the next second").isEqualByComparingTo("500");
    assertThat(power.watts(13_000)).isEqualByComparingTo("700.001");
  }

  @Test
  void isBilledAndTheRowSaysSo() {
    CostMeter meter = meter(BigDecimal.ZERO, Optional.of(meters));
    meters.energyMillijoules += 600_000;
    Charge charge = meter.work(SECOND, 1_000); // 600 W: 0.15 USD an hour
    assertThat(charge.source()).isEqualTo("electricity-measured");
    assertThat(charge.version()).isEqualTo("0.25 USD/kWh x 600.000 W");
    assertThat(charge.totalUsd())
        .isEqualByComparingTo(new DevicePrice(new BigDecimal("0.15")).of(1_000_000_000));
  }

  @Test
  void isTheConfiguredFigureWhereTheDeviceCountsNone() {
    meters.energyMillijoules = -1;
    for (Optional<FakeMeters> none : List.of(Optional.of(meters), Optional.<FakeMeters>empty())) {
      Charge charge = meter(new BigDecimal("400"), none).work(SECOND, 1_000);
      assertThat(charge.source()).isEqualTo("electricity-configured");
      assertThat(charge.version()).isEqualTo("0.25 USD/kWh x 400 W");
      assertThatThrownBy(() -> meter(BigDecimal.ZERO, none))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "the power that this GPU draws cannot be measured (NVML has no counter of its"
                  + " energy): say how many watts the device draws (millrace.model.NAME.watts)");
    }
  }

  @Test
  void aCounterThatVanishesLeavesTheConfiguredFigureUntilItIsBack() {
    CostMeter meter = meter(BigDecimal.TEN, Optional.of(meters));
    meters.energyMillijoules = -1;
    assertThat(meter.work(SECOND, 2_000).source()).isEqualTo("electricity-configured");
    meters.energyMillijoules = 900_000; // of a driver that was loaded anew
    assertThat(meter.work(SECOND, 3_000).version()).isEqualTo("0.25 USD/kWh x 300.000 W");
  }

  private static CostMeter meter(BigDecimal watts, Optional<FakeMeters> meters) {
    return Pricing.electricity(KWH, watts).begin(0).meter(meters.map(m -> m), true, 0);
  }
}
