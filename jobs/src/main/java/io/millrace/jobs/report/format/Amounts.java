package io.millrace.jobs.report.format;

import io.millrace.jobs.report.Costs;
import io.millrace.jobs.report.Savings;
import io.millrace.jobs.report.Share;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** Figures for people: three digits that say something; no figure where there is none. */
public final class Amounts {
  /** Where there is nothing to tell. */
  public static final String NONE = "–";

  private static final int CENTS = 2;
  private static final MathContext DIGITS = new MathContext(3, RoundingMode.HALF_EVEN);
  private static final BigDecimal PLAIN_FROM = new BigDecimal("0.0000001");
  private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);
  private static final double NANOS = 1e9;

  private Amounts() {}

  /** {@code $1,234.56}, {@code $0.0123}, {@code $0.00000123}, {@code $1.23e-9}. */
  public static String usd(BigDecimal amount) {
    if (amount.signum() == 0) {
      return "$0";
    }
    String sign = amount.signum() < 0 ? "-$" : "$";
    BigDecimal size = amount.abs();
    BigDecimal digits = size.round(DIGITS);
    if (digits.compareTo(BigDecimal.ONE) >= 0) {
      return sign
          + String.format(Locale.ROOT, "%,.2f", size.setScale(CENTS, RoundingMode.HALF_EVEN));
    }
    if (digits.compareTo(PLAIN_FROM) >= 0) {
      BigDecimal plain = digits.stripTrailingZeros();
      return sign + plain.setScale(Math.max(CENTS, plain.scale())).toPlainString();
    }
    int exponent = digits.precision() - digits.scale() - 1;
    BigDecimal mantissa = digits.scaleByPowerOfTen(-exponent).stripTrailingZeros();
    return sign + mantissa.toPlainString() + "e" + exponent;
  }

  /** The same of what may be missing. */
  public static String usd(Optional<BigDecimal> amount) {
    return amount.map(Amounts::usd).orElse(NONE);
  }

  /** What all rows cost: {@code $1.20 + 3 unpriced}; {@code 3 unpriced} if nothing is known. */
  public static String usd(Costs costs) {
    return withUnpriced(costs.known(costs.total()), costs.unpricedRows());
  }

  /** The same of a part of it; the rows that have no price are not told. */
  public static String part(BigDecimal amount, Costs costs) {
    return costs.known(amount).map(Amounts::usd).orElse("unpriced");
  }

  /** What they saved, likewise. */
  public static String usd(Savings saved) {
    return withUnpriced(saved.known(saved.all()), saved.unknown());
  }

  private static String withUnpriced(Optional<BigDecimal> amount, long unpriced) {
    if (unpriced == 0) {
      return usd(amount);
    }
    return amount.map(usd -> usd(usd) + " + ").orElse("") + count(unpriced) + " unpriced";
  }

  /** All digits, as a plain decimal. */
  public static String exact(BigDecimal amount) {
    return amount.signum() == 0 ? "0" : amount.stripTrailingZeros().toPlainString();
  }

  /** {@code 12.3 %}; a dash of nothing. */
  public static String percent(Share share) {
    return share.fraction().map(Amounts::percent).orElse(NONE);
  }

  private static String percent(BigDecimal fraction) {
    BigDecimal percent = fraction.multiply(HUNDRED).setScale(1, RoundingMode.HALF_EVEN);
    return String.format(Locale.ROOT, "%,.1f %%", percent);
  }

  /** {@code 1,234,567}. */
  public static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  /** {@code 1 prompt}, {@code 2 prompts}. */
  public static String count(long count, String noun) {
    return count(count) + " " + noun + (count == 1 ? "" : "s");
  }

  /** {@code 1.2 s}, {@code 3 min 05 s}, {@code 2 h 07 min}, {@code 5 d 03 h}. */
  public static String time(Duration time) {
    long seconds = time.toSeconds();
    if (seconds < 60) {
      return String.format(Locale.ROOT, "%.1f s", time.toNanos() / NANOS);
    }
    if (seconds < 3_600) {
      return String.format(Locale.ROOT, "%d min %02d s", seconds / 60, seconds % 60);
    }
    if (seconds < 86_400) {
      return String.format(Locale.ROOT, "%d h %02d min", seconds / 3_600, seconds % 3_600 / 60);
    }
    return String.format(Locale.ROOT, "%d d %02d h", seconds / 86_400, seconds % 86_400 / 3_600);
  }
}
