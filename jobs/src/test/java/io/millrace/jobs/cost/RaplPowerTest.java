package io.millrace.jobs.cost;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two processors, as Linux shows their counters. */
class RaplPowerTest {
  private static final long RANGE = 262_143_328_850L;

  @TempDir Path powercap;

  @BeforeEach
  void zones() throws IOException {
    zone("intel-rapl:0", "package-0", 1_000_000);
    zone("intel-rapl:0:0", "core", 500);
    zone("intel-rapl:1", "package-1", RANGE - 10_000_000);
    zone("intel-rapl:2", "psys", 77);
  }

  @Test
  void isTheEnergyOfAllProcessorsByTime() throws IOException {
    MeasuredPower power = RaplPower.find(powercap, 10_000).orElseThrow();
    assertThat(power.watts(10_999)).as("not yet a second").isNull();

    energy("intel-rapl:0", 1_000_000 + 30_000_000);
    energy("intel-rapl:1", RANGE - 10_000_000 + 5_000_000);
    assertThat(power.watts(12_000)).isEqualByComparingTo("17.5"); // 35 J in 2 s

    energy("intel-rapl:0", 32_000_000);
    assertThat(power.watts(12_500)).as("until the next second").isEqualByComparingTo("17.5");
    energy("intel-rapl:1", 1_000_000); // 6 J, over the counter's end
    assertThat(power.watts(13_000)).isEqualByComparingTo("7");
  }

  @Test
  void isThePriceOfWhatEndsThen() throws IOException {
    ElectricityRates rates =
        new ElectricityRates(
            new BigDecimal("0.25"), BigDecimal.ZERO, RaplPower.find(powercap, 10_000), "");
    DeviceMeter meter = new DeviceMeter(rates);
    Work work = new Work(1_000_000, 1_000_000, 1, 0, 1, 0);
    assertThat(meter.work(work, 10_500).totalUsd()).as("nobody knows yet").isNull();

    energy("intel-rapl:0", 41_000_000);
    Charge charge = meter.work(work, 11_000); // 40 W: 0.01 USD an hour
    assertThat(charge.source()).isEqualTo("electricity-measured");
    assertThat(charge.version()).isEqualTo("0.25 USD/kWh x 40.000 W");
    assertThat(charge.totalUsd())
        .isEqualByComparingTo(new DevicePrice(new BigDecimal("0.01")).of(2_000_000));
  }

  @Test
  void aCounterThatVanishesLeavesTheConfiguredFigure() throws IOException {
    ElectricityRates rates =
        new ElectricityRates(BigDecimal.ONE, BigDecimal.TEN, RaplPower.find(powercap, 0), "");
    assertThat(rates.apply(2_000).source()).isEqualTo("electricity-measured");
    Files.delete(powercap.resolve("intel-rapl:0/energy_uj"));
    assertThat(rates.apply(4_000).source()).isEqualTo("electricity-configured");
    assertThat(rates.apply(4_000).version()).isEqualTo("1 USD/kWh x 10 W");
  }

  @Test
  void isNotThereWithoutCounters() throws IOException {
    assertThat(RaplPower.find(powercap.resolve("none"), 0)).isEqualTo(Optional.empty());
    energy("intel-rapl:0", -1);
    Files.writeString(powercap.resolve("intel-rapl:1/energy_uj"), "no number");
    assertThat(RaplPower.find(powercap, 0)).isEqualTo(Optional.empty());
  }

  private void zone(String folder, String name, long microjoules) throws IOException {
    Path zone = Files.createDirectory(powercap.resolve(folder));
    Files.writeString(zone.resolve("name"), name + "\n");
    Files.writeString(zone.resolve("max_energy_range_uj"), RANGE + "\n");
    energy(folder, microjoules);
  }

  private void energy(String folder, long microjoules) throws IOException {
    Files.writeString(powercap.resolve(folder).resolve("energy_uj"), microjoules + "\n");
  }
}
