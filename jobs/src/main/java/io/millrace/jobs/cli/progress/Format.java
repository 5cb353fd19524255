package io.millrace.jobs.cli.progress;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Numbers for people. */
public final class Format {
  private static final int USD_DIGITS = 3;
  private static final BigDecimal CENT = new BigDecimal("0.01");

  private Format() {}

  /** 1,234,567. */
  public static String count(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  /** Dollars and cents; below a cent the first three digits that are not 0: {@code $0.0000123}. */
  public static String usd(BigDecimal amount) {
    if (amount.signum() == 0) {
      return "$0";
    }
    if (amount.abs().compareTo(CENT) >= 0) {
      return "$" + String.format(Locale.ROOT, "%,.2f", amount.setScale(2, RoundingMode.HALF_EVEN));
    }
    return "$"
        + amount
            .round(new MathContext(USD_DIGITS, RoundingMode.HALF_EVEN))
            .stripTrailingZeros()
            .toPlainString();
  }

  /**
   * The same where part of it, or all, has no known price: {@code $1.20 + 3 unpriced}.
   *
   * @param unpriced how many have none
   */
  public static String usd(BigDecimal amount, long unpriced) {
    if (unpriced == 0) {
      return usd(amount);
    }
    return (amount.signum() == 0 ? "" : usd(amount) + " + ") + count(unpriced) + " unpriced";
  }

  /** {@code 45s}, {@code 3m05s}, {@code 2h07m}. */
  public static String duration(long seconds) {
    if (seconds < 60) {
      return seconds + "s";
    }
    if (seconds < 3_600) {
      return String.format(Locale.ROOT, "%dm%02ds", seconds / 60, seconds % 60);
    }
    return String.format(Locale.ROOT, "%dh%02dm", seconds / 3_600, seconds % 3_600 / 60);
  }

  /** {@code 93.412 s}, of nanoseconds. */
  public static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.3f s", nanos / 1e9);
  }

  /** {@code 97.3 %}; nothing out of nothing is a dash. */
  public static String percent(long part, long whole) {
    return whole == 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100.0 * part / whole);
  }

  /** Per second, with a decimal where it is small. */
  public static String rate(double perSecond) {
    return perSecond < 10
        ? String.format(Locale.ROOT, "%.1f", perSecond)
        : String.format(Locale.ROOT, "%,.0f", perSecond);
  }
}
