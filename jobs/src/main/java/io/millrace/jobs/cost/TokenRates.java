package io.millrace.jobs.cost;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;

/**
 * What a token of each kind costs, USD; null where nobody knows. 0 is a price: free.
 *
 * @param input see {@link TokenKind#INPUT}, and so on
 */
record TokenRates(
    BigDecimal input,
    BigDecimal cachedInput,
    BigDecimal cacheWrite,
    BigDecimal cacheWrite1h,
    BigDecimal output,
    BigDecimal reasoning)
    implements Serializable {

  private static final BigDecimal USD_MAX = BigDecimal.valueOf(1_000);

  /**
   * A price as a catalogue has it.
   *
   * @throws IllegalArgumentException if it is negative, above a thousand USD a token, or has more
   *     decimal places than amounts have
   */
  static BigDecimal checked(String name, BigDecimal usd) {
    // In this order: the bounds on the size keep what follows from expanding 1E+999999999.
    if (usd.signum() < 0
        || usd.compareTo(USD_MAX) > 0
        || (usd.signum() != 0 && usd.stripTrailingZeros().scale() > DevicePrice.SCALE)) {
      throw new IllegalArgumentException(
          name
              + " is "
              + usd
              + ", must be 0 to "
              + USD_MAX
              + " USD with at most "
              + DevicePrice.SCALE
              + " decimal places");
    }
    return usd;
  }

  /** The rate of a kind of tokens, or null. */
  BigDecimal of(TokenKind kind) {
    return switch (kind) {
      case INPUT -> input;
      case CACHED_INPUT -> cachedInput;
      case CACHE_WRITE -> cacheWrite;
      case CACHE_WRITE_1H -> cacheWrite1h;
      case OUTPUT -> output;
      case REASONING -> reasoning;
    };
  }

  /** The most that so many tokens can cost, whatever their kinds; null if that is not known. */
  BigDecimal most(long inputTokens, long outputTokens) {
    BigDecimal usd = BigDecimal.ZERO;
    for (boolean ofInput : new boolean[] {true, false}) {
      long tokens = ofInput ? inputTokens : outputTokens;
      BigDecimal rate =
          Arrays.stream(TokenKind.values())
              .filter(kind -> kind.ofInput() == ofInput)
              .map(this::of)
              .filter(Objects::nonNull)
              .max(Comparator.naturalOrder())
              .orElse(null);
      if (rate == null && tokens > 0) {
        return null;
      }
      usd = rate == null ? usd : usd.add(rate.multiply(BigDecimal.valueOf(tokens)));
    }
    return usd;
  }
}
