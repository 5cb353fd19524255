package io.millrace.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.cost.Charge;
import io.millrace.jobs.cost.LitellmExcerpt;
import io.millrace.jobs.cost.Work;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PricingsTest {
  private static final Work WORK = new Work(3_600_000_000_000L, 0, 1_000, 0, 0, 0);
  private static final long NOW_MS = 1_795_000_000_000L; // November 2026

  @TempDir Path folder;
  private final Configuration options = new Configuration();

  @Test
  void theDevicesHourIsTheDefault() throws Exception {
    Charge charge = charge();
    assertThat(charge.totalUsd())
        .isCloseTo(new java.math.BigDecimal("0.10"), org.assertj.core.data.Offset.offset(tiny()));
    assertThat(charge.version()).isEqualTo("0.10 USD/h");
  }

  @Test
  void aLocalModelMayBeBilledByTheToken() throws Exception {
    set("millrace.model.default.price", "catalogue:openai/gpt-4o");
    assertThat(charge().totalUsd()).isEqualByComparingTo("0.0025");
    assertThat(charge().source()).isEqualTo("catalogue:millrace-prices.json#gpt-4o");

    set("millrace.price.catalogue", LitellmExcerpt.FILE.toString());
    assertThat(charge().source()).isEqualTo("catalogue:prices-excerpt.json#gpt-4o");

    Path mine = folder.resolve("mine.json");
    Files.writeString(mine, "{\"gpt-4o\": {\"input_cost_per_token\": 0}}");
    set("millrace.price.overrides", mine.toString());
    assertThat(charge().totalUsd()).isZero();
    assertThat(charge().source()).isEqualTo("catalogue:mine.json#gpt-4o");
  }

  @Test
  void aModelMayBeBilledAtATier() throws Exception {
    set("millrace.model.default.price", "catalogue:openai/gpt-4o");
    set("millrace.model.default.tier", "batch");
    set("millrace.price.catalogue", LitellmExcerpt.FILE.toString());
    assertThat(charge().totalUsd()).isEqualByComparingTo("0.00125");
    assertThat(charge().savedBatchUsd()).isEqualByComparingTo("0.00125");
  }

  @Test
  void aModelThatNoCatalogueKnowsIsUnpriced() throws Exception {
    set("millrace.model.default.price", "catalogue:mine");
    assertThat(charge().totalUsd()).isNull();
    assertThat(charge().source()).isEqualTo("catalogue:millrace-prices.json#mine");
  }

  @Test
  void electricityNeedsAPowerThatIsMeasuredOrConfigured() throws Exception {
    set("millrace.model.default.price", "electricity");
    set("millrace.model.default.kwh-usd", "0.50");
    set("millrace.model.default.watts", "200");
    assertThat(charge().version()).matches("0.50 USD/kWh x 200 W|no second yet");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "price|hour|millrace.model.default.price is hour, must be device, electricity or"
            + " catalogue:NAME",
        "price|catalogue:|millrace.model.default.price is catalogue:, must be device,",
        "tier|batch|millrace.model.default.tier is for prices per token, and"
            + " millrace.model.default.price is device",
        "device-hour-usd|cheap|millrace.model.default.device-hour-usd is cheap, must be a decimal",
        "device-hour-usd|-1|the price of a device hour is -1, must be 0 to 1000000 USD",
      })
  void refusesWhatMakesNoSense(String option, String value, String problem) {
    set("millrace.model.default." + option, value);
    assertThatThrownBy(() -> Pricings.of(options, "default"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(problem);
  }

  @Test
  void refusesACatalogueThatIsNone() {
    set("millrace.model.default.price", "catalogue:gpt-4o");
    set("millrace.price.catalogue", "no.json");
    assertThatThrownBy(() -> Pricings.of(options, "default"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no price catalogue no.json");
  }

  /** As the task sees it: after a journey. */
  private Charge charge() throws Exception {
    return InstantiationUtil.clone(Pricings.of(options, "default")).open(NOW_MS).work(WORK, NOW_MS);
  }

  private void set(String key, String value) {
    options.setString(key, value);
  }

  private static java.math.BigDecimal tiny() {
    return new java.math.BigDecimal("1e-11");
  }
}
