package io.millrace.engine.sampling.grammar;

import java.math.BigDecimal;

/**
 * A range of numbers.
 *
 * @param min null for no bound
 * @param minExclusive whether {@code min} itself is outside
 * @param max null for no bound
 * @param maxExclusive whether {@code max} itself is outside
 */
record NumberRange(BigDecimal min, boolean minExclusive, BigDecimal max, boolean maxExclusive) {
  static final NumberRange ALL = new NumberRange(null, false, null, false);

  static NumberRange atLeast(BigDecimal min, boolean exclusive) {
    return new NumberRange(min, exclusive, null, false);
  }

  static NumberRange atMost(BigDecimal max, boolean exclusive) {
    return new NumberRange(null, false, max, exclusive);
  }

  NumberRange intersect(NumberRange other) {
    int low = min == null ? -1 : other.min == null ? 1 : min.compareTo(other.min);
    int high = max == null ? 1 : other.max == null ? -1 : max.compareTo(other.max);
    return new NumberRange(
        low >= 0 ? min : other.min,
        low > 0 ? minExclusive : low < 0 ? other.minExclusive : minExclusive || other.minExclusive,
        high <= 0 ? max : other.max,
        high < 0
            ? maxExclusive
            : high > 0 ? other.maxExclusive : maxExclusive || other.maxExclusive);
  }

  /** The numbers whose negatives are in this range. */
  NumberRange negated() {
    return new NumberRange(
        max == null ? null : max.negate(),
        maxExclusive,
        min == null ? null : min.negate(),
        minExclusive);
  }
}
