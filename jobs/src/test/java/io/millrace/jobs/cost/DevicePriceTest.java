package io.millrace.jobs.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DevicePriceTest {
  @Test
  void pricesDeviceTimeByTheHour() {
    DevicePrice price = new DevicePrice(new BigDecimal("3.60"));

    assertThat(price.of(1)).isEqualByComparingTo("0.000000000001");
    assertThat(price.of(3_600_000_000_000L)).isEqualByComparingTo("3.60");
    assertThat(price.of(0)).isZero();
  }

  @Test
  void hasTheScaleOfTheRecords() {
    DevicePrice price = new DevicePrice(new BigDecimal("0.1"));
    assertThat(price.of(0).scale()).isEqualTo(DevicePrice.SCALE);
    assertThat(price.of(12345).scale()).isEqualTo(DevicePrice.SCALE);
  }

  @Test
  void sharesOfAStepSumToTheStepExactly() {
    Random random = new Random(1);
    DevicePrice price = new DevicePrice(new BigDecimal("0.333333333"));
    for (int i = 0; i < 1_000; i++) {
      BigDecimal sum = BigDecimal.ZERO;
      long total = 0;
      for (int share = random.nextInt(8); share >= 0; share--) {
        long nanos = random.nextLong(1L << 40);
        total += nanos;
        sum = sum.add(price.of(nanos));
      }
      assertThat(sum).isEqualTo(price.of(total));
    }
  }

  @Test
  void fitsIntoARecordWhateverItIs() {
    BigDecimal most = new DevicePrice(BigDecimal.valueOf(1_000_000)).of(Long.MAX_VALUE);
    assertThat(most.precision()).isLessThanOrEqualTo(38);
    assertThat(most).isPositive();
  }

  @Test
  void canBeNothing() {
    assertThat(new DevicePrice(BigDecimal.ZERO).of(Long.MAX_VALUE)).isZero();
  }

  /** The last two would take for ever to divide, or all memory. */
  @ParameterizedTest
  @ValueSource(strings = {"-0.01", "1000000.01", "1E-25", "1E+999999999", "1E-999999999"})
  void refusesWhatIsNoPrice(String usdPerHour) {
    assertThatThrownBy(() -> new DevicePrice(new BigDecimal(usdPerHour)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the price of a device hour is "
                + usdPerHour
                + ", must be 0 to 1000000 USD with at most 24 decimal places");
  }

  @Test
  void refusesNegativeTime() {
    assertThatThrownBy(() -> new DevicePrice(BigDecimal.ONE).of(-1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
