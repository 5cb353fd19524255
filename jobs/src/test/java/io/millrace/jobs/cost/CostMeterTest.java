package io.millrace.jobs.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CostMeterTest {
  private static final long NOW_MS = Instant.parse("2026-11-23T12:00:00Z").toEpochMilli();

  /** 10 prompt tokens, 7 of them cached; an answer of 5, made longer by drafts. */
  private static final Work WORK = new Work(1_000, 500, 3, 7, 5, -200);

  @Test
  void aDevicesTimeIsBilledByTheHour() {
    // 1e-12 USD a nanosecond.
    CostMeter meter = Pricing.deviceHour(new BigDecimal("3.60")).open(NOW_MS);
    Charge charge = meter.work(WORK, NOW_MS);
    assertThat(charge.inputUsd()).isEqualByComparingTo("0.000000001");
    assertThat(charge.outputUsd()).isEqualByComparingTo("0.0000000005");
    assertThat(charge.totalUsd()).isEqualByComparingTo("0.0000000015");
    assertThat(charge.savedPrefixUsd()).isEqualTo("0.000000002333333333333333");
    assertThat(charge.savedSpeculationUsd()).isEqualByComparingTo("-0.0000000002");
    assertThat(charge.source()).isEqualTo("device-hour");
    assertThat(charge.version()).isEqualTo("3.60 USD/h");
    assertThat(meter.time(3_600_000_000_000L, NOW_MS).totalUsd()).isEqualByComparingTo("3.60");
  }

  @Test
  void tokensAreBilledAtACataloguesPrice() throws Exception {
    CostMeter meter = tokens("gpt-4o");
    Charge charge = meter.work(WORK, NOW_MS);
    assertThat(charge.inputUsd()).isEqualTo(scaled("0.00001625")); // 3 x 2.5e-6 + 7 x 1.25e-6
    assertThat(charge.outputUsd()).isEqualTo(scaled("0.00005"));
    assertThat(charge.totalUsd()).isEqualTo(scaled("0.00006625"));
    assertThat(charge.savedPrefixUsd()).isEqualTo(scaled("0.00000875"));
    assertThat(charge.savedSpeculationUsd()).as("the same tokens are billed").isZero();
    assertThat(charge.source()).isEqualTo("catalogue:prices-excerpt.json#gpt-4o");
    assertThat(charge.version()).startsWith("2026-07-24");
    assertThat(meter.time(1L << 40, NOW_MS).totalUsd()).isZero();
  }

  @Test
  void aTierHasItsOwnPrice() throws Exception {
    ModelPrice price = Prices.read(LitellmExcerpt.FILE, null).of("gpt-4o");
    Charge standard = Pricing.tokens(price).open(NOW_MS).work(WORK, NOW_MS);
    assertThat(standard.tier()).isNull();
    assertThat(standard.savedBatchUsd()).isZero();
    Charge batch = Pricing.tokens(price, PriceTier.BATCH).open(NOW_MS).work(WORK, NOW_MS);
    assertThat(batch.tier()).isEqualTo("batch");
    assertThat(batch.outputUsd()).isEqualByComparingTo("0.000025"); // half
    assertThat(batch.savedBatchUsd())
        .isPositive()
        .isEqualByComparingTo(standard.totalUsd().subtract(batch.totalUsd()));
    Charge priority = Pricing.tokens(price, PriceTier.PRIORITY).open(NOW_MS).work(WORK, NOW_MS);
    assertThat(priority.savedBatchUsd())
        .isNegative()
        .isEqualByComparingTo(standard.totalUsd().subtract(priority.totalUsd()));
    Charge flex = Pricing.tokens(price, PriceTier.FLEX).open(NOW_MS).work(WORK, NOW_MS);
    assertThat(flex.totalUsd()).as("gpt-4o has no such tier").isNull();
    assertThat(flex.savedBatchUsd()).isNull();
    assertThat(flex.tier()).isEqualTo("flex");
  }

  @Test
  void tokensOfUnknownPriceAreNotFree() throws Exception {
    CostMeter meter = tokens("github_copilot/gpt-4o");
    Charge charge = meter.work(WORK, NOW_MS);
    assertThat(charge.totalUsd()).isNull();
    assertThat(charge.inputUsd()).isNull();
    assertThat(charge.savedPrefixUsd()).isNull();
    assertThat(charge.source()).isEqualTo("catalogue:prices-excerpt.json#github_copilot/gpt-4o");
    assertThat(tokens("none").work(WORK, NOW_MS).totalUsd()).isNull();
  }

  @Test
  void amountsFitTheirRecordsWhateverTheCatalogueSays() throws Exception {
    CostMeter meter = tokens("databricks/databricks-gemini-2-5-flash");
    Charge charge = meter.work(WORK, NOW_MS);
    assertThat(charge.inputUsd().scale()).isEqualTo(DevicePrice.SCALE);
    // 10 x 3.0001999999999996e-07: it has no price for cached tokens.
    assertThat(charge.inputUsd()).isEqualByComparingTo("0.0000030001999999999996");
    assertThat(charge.savedPrefixUsd()).isZero();
  }

  @Test
  void electricityIsBilledAsConfiguredWhereItCannotBeMeasured() {
    ElectricityRates rates =
        new ElectricityRates(
            new BigDecimal("0.30"),
            new BigDecimal("100"),
            RaplPower.find(Path.of("no/such/folder"), NOW_MS),
            "");
    Charge hour = new DeviceMeter(rates).time(3_600_000_000_000L, NOW_MS);
    assertThat(hour.totalUsd().setScale(9, java.math.RoundingMode.HALF_EVEN))
        .isEqualByComparingTo("0.03");
    assertThat(hour.source()).isEqualTo("electricity-configured");
    assertThat(hour.version()).isEqualTo("0.30 USD/kWh x 100 W");
  }

  @Test
  void powerThatNobodyKnowsIsAnErrorAtTheStart() {
    assertThatThrownBy(
            () ->
                new ElectricityRates(
                    BigDecimal.ONE,
                    BigDecimal.ZERO,
                    RaplPower.find(Path.of("none"), NOW_MS),
                    Pricing.Electricity.MACHINE_UNMEASURED))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "the power that this machine draws cannot be measured (no readable RAPL counters): say"
                + " how many watts the device draws (millrace.model.NAME.watts)");
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 5, 'the price of a kWh is -1, must be 0 to 1000 USD with at most 9 decimal places'",
    "1E+999999999, 5, 'the price of a kWh is 1E+999999999, must be 0 to 1000 USD with'",
    "1, 1000001, 'the device''s power is 1000001, must be 0 to 1000000 watts with at most'",
    "1, 1E-10, 'the device''s power is 1E-10, must be 0 to 1000000 watts with at most'",
  })
  void refusesWhatIsNoPriceOrPower(String kwh, String watts, String problem) {
    assertThatThrownBy(() -> Pricing.electricity(new BigDecimal(kwh), new BigDecimal(watts)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(problem);
  }

  private static CostMeter tokens(String model) throws CatalogueException {
    return Pricing.tokens(Prices.read(LitellmExcerpt.FILE, null).of(model)).open(NOW_MS);
  }

  private static BigDecimal scaled(String usd) {
    return new BigDecimal(usd).setScale(DevicePrice.SCALE);
  }
}
