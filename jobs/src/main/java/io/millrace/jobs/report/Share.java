package io.millrace.jobs.report;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Optional;

/**
 * A part of a whole.
 *
 * @param fraction 0.25 is a quarter, to 6 places; empty if there is nothing to be a part of
 */
public record Share(Optional<BigDecimal> fraction) {
  private static final int SCALE = 6;

  static Share of(BigDecimal part, BigDecimal whole) {
    return whole.signum() <= 0
        ? new Share(Optional.empty())
        : new Share(Optional.of(part.divide(whole, SCALE, RoundingMode.HALF_EVEN)));
  }

  static Share of(long part, long whole) {
    return of(BigDecimal.valueOf(part), BigDecimal.valueOf(whole));
  }
}
