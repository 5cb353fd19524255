package io.millrace.jobs.report.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AmountsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "0; $0",
        "1234567.891; $1,234,567.89",
        "1; $1.00",
        "0.9996; $1.00",
        "0.1; $0.10",
        "0.0123456; $0.0123",
        "0.00000123456; $0.00000123",
        "0.0000009996; $0.000001",
        "0.00000077; $0.00000077",
        "0.00000000123456; $1.23e-9",
        "0.000000000000000000000001; $1e-24",
        "-0.0123456; -$0.0123",
        "-5; -$5.00",
      })
  void amountsHaveThreeDigitsThatSaySomething(BigDecimal usd, String shown) {
    assertThat(Amounts.usd(usd)).isEqualTo(shown);
  }

  @Test
  void exactAmountsHaveAllTheirDigits() {
    assertThat(Amounts.exact(new BigDecimal("0.000000000000000000000001")))
        .isEqualTo("0.000000000000000000000001");
    assertThat(Amounts.exact(new BigDecimal("100.000000000000000000000000"))).isEqualTo("100");
  }

  @ParameterizedTest
  @CsvSource({"1500, 1.5 s", "65000, 1 min 05 s", "7260000, 2 h 01 min", "93600000, 1 d 02 h"})
  void timesHaveTwoUnits(long ms, String shown) {
    assertThat(Amounts.time(Duration.ofMillis(ms))).isEqualTo(shown);
  }

  @Test
  void namesSteerNoTerminalAndTurnNoTextAround() {
    assertThat(Names.clean("a\u001b[31mb\u202Ec\r\n\ud800d\uFFFE")).isEqualTo("a�[31mb�c���d�");
    assertThat(Names.clean(null)).isEqualTo("(none)");
    assertThat(Names.shown("水".repeat(30), 10)).isEqualTo("水".repeat(9) + "…");
    assertThat(Names.shown("\ud83d\ude00".repeat(3), 2)).isEqualTo("\ud83d\ude00…");
  }
}
