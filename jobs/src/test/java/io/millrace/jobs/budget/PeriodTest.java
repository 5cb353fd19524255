package io.millrace.jobs.budget;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PeriodTest {
  @ParameterizedTest
  @CsvSource({
    "HOUR,  2026-12-31T23:59:59.999Z, 2026-12-31T23:00:00Z, 2027-01-01T00:00:00Z",
    "HOUR,  2026-12-31T23:00:00Z,     2026-12-31T23:00:00Z, 2027-01-01T00:00:00Z",
    "DAY,   2028-02-28T12:00:00Z,     2028-02-28T00:00:00Z, 2028-02-29T00:00:00Z",
    "MONTH, 2028-02-29T23:59:59Z,     2028-02-01T00:00:00Z, 2028-03-01T00:00:00Z",
    "MONTH, 2026-12-01T00:00:00Z,     2026-12-01T00:00:00Z, 2027-01-01T00:00:00Z",
    "TOTAL, 2026-12-01T00:00:00Z,     1970-01-01T00:00:00Z,"
  })
  void beginsAndEndsInUtc(Period period, Instant time, Instant start, Instant next) {
    assertThat(Instant.ofEpochMilli(period.startMs(time.toEpochMilli()))).isEqualTo(start);
    assertThat(period.nextStartMs(time.toEpochMilli()))
        .isEqualTo(next == null ? Period.NEVER_MS : next.toEpochMilli());
  }
}
