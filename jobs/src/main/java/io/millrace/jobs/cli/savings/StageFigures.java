package io.millrace.jobs.cli.savings;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * What a stage cost and how well it answered.
 *
 * @param requests prompts answered
 * @param tokens of the prompts and answers as their senders count them, reused ones too
 * @param usd device time of the answers, at its price
 * @param deviceSeconds that time
 * @param seconds from the first prompt sent to the last answer committed
 * @param weightBytes the model's file
 * @param right answers that are the wanted object in all fields, of 1
 */
record StageFigures(
    Stage stage,
    long requests,
    long tokens,
    BigDecimal usd,
    double deviceSeconds,
    double seconds,
    long weightBytes,
    double right) {
  private static final BigDecimal MILLION = BigDecimal.valueOf(1_000_000);
  private static final MathContext SHORT = new MathContext(6, RoundingMode.HALF_EVEN);

  BigDecimal usdPerMillionTokens() {
    return usd.multiply(MILLION).divide(BigDecimal.valueOf(tokens), SHORT).stripTrailingZeros();
  }

  BigDecimal usdPerRequests(long count) {
    return usd.multiply(BigDecimal.valueOf(count))
        .divide(BigDecimal.valueOf(requests), SHORT)
        .stripTrailingZeros();
  }

  /** Share of the other's cost that this one saves; negative where it costs more. */
  double saved(StageFigures other) {
    return 1 - usd.divide(other.usd, SHORT).doubleValue() * other.requests / requests;
  }

  /** Tokens a device second, as a multiple of the other's. */
  double timesAsFast(StageFigures other) {
    return tokens / deviceSeconds / (other.tokens / other.deviceSeconds);
  }

  /** The cheaper of two runs of one stage: what disturbs a run only makes it dearer. */
  StageFigures cheaper(StageFigures other) {
    return other == null || usd.compareTo(other.usd) <= 0 ? this : other;
  }
}
