package io.millrace.jobs.report;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;

/**
 * What was spent lately, and what that makes in a longer time.
 *
 * @param from the latest 24 hours of the report's period, or all of it if it is shorter
 * @param to its end
 * @param requests that were settled in it
 * @param usd what its rows cost
 */
public record SpendingRate(Instant from, Instant to, long requests, BigDecimal usd) {
  /** The most that counts as lately. */
  public static final Duration WINDOW_MAX = Duration.ofDays(1);

  public static final Duration DAY = Duration.ofDays(1);

  /** A month has 30 days here. */
  public static final Duration MONTH = Duration.ofDays(30);

  private static final int SCALE = 24;

  public Duration window() {
    return Duration.between(from, to);
  }

  /** What it would be in this time, if all goes on as it was. */
  public BigDecimal usdIn(Duration time) {
    return projected(usd, time, SCALE);
  }

  /** The same of requests. */
  public long requestsIn(Duration time) {
    return projected(BigDecimal.valueOf(requests), time, 0).longValue();
  }

  private BigDecimal projected(BigDecimal amount, Duration time, int scale) {
    return amount
        .multiply(BigDecimal.valueOf(time.toMillis()))
        .divide(BigDecimal.valueOf(window().toMillis()), scale, RoundingMode.HALF_EVEN);
  }
}
