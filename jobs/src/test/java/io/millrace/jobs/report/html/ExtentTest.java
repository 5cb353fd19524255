package io.millrace.jobs.report.html;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExtentTest {

  @ParameterizedTest
  @CsvSource({
    "0.00278, 0.001, 3",
    "10, 2.5, 4",
    "0.000000000000000000000003, 0.000000000000000000000001, 3",
    "99999999, 25000000, 4",
    "0.8, 0.2, 4",
  })
  void ticksAreRoundAndReachTheEnd(BigDecimal high, BigDecimal step, int count) {
    List<BigDecimal> ticks = Extent.of(List.of(high)).ticks(4);
    assertThat(ticks).hasSize(count + 1);
    assertThat(ticks.get(1)).isEqualByComparingTo(step);
    assertThat(ticks.get(count)).isGreaterThanOrEqualTo(high);
  }

  @Test
  void amountsStandInProportion() {
    Extent axis = Extent.of(List.of(new BigDecimal("-1"), new BigDecimal("3")));
    assertThat(axis.percent(BigDecimal.ZERO)).isEqualByComparingTo("25");
    assertThat(axis.percent(new BigDecimal("3"))).isEqualByComparingTo("100");
  }

  @Test
  void anAxisOfNothingHasNoLength() {
    Extent axis = Extent.of(List.of());
    assertThat(axis.ticks(4)).containsExactly(BigDecimal.ZERO);
    assertThat(axis.percent(BigDecimal.ONE)).isEqualByComparingTo("0");
  }
}
