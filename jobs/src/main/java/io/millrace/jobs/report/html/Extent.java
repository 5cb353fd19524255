package io.millrace.jobs.report.html;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/**
 * The amounts that an axis goes over; 0 is among them.
 *
 * @param low at the beginning, at most 0
 * @param high at the end
 */
record Extent(BigDecimal low, BigDecimal high) {
  private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);
  private static final int PLACES = 3;
  private static final List<BigDecimal> STEPS =
      List.of(
          BigDecimal.ONE,
          BigDecimal.valueOf(2),
          new BigDecimal("2.5"),
          BigDecimal.valueOf(5),
          BigDecimal.TEN);

  /** From 0, or the least of them, to the largest. */
  static Extent of(List<BigDecimal> amounts) {
    BigDecimal low = amounts.stream().reduce(BigDecimal.ZERO, BigDecimal::min);
    BigDecimal high = amounts.stream().reduce(BigDecimal.ZERO, BigDecimal::max);
    return new Extent(low, high);
  }

  /** Where an amount stands, percent of the axis; 0 on an axis without length. */
  BigDecimal percent(BigDecimal amount) {
    BigDecimal length = high.subtract(low);
    return length.signum() == 0
        ? BigDecimal.ZERO
        : amount.subtract(low).multiply(HUNDRED).divide(length, PLACES, RoundingMode.HALF_EVEN);
  }

  /** The same axis, from 0, with its end at a round amount. */
  Extent rounded(int steps) {
    List<BigDecimal> ticks = ticks(steps);
    return new Extent(BigDecimal.ZERO, ticks.get(ticks.size() - 1));
  }

  /** Round amounts from 0 to the end or just beyond it. */
  List<BigDecimal> ticks(int steps) {
    BigDecimal step = step(steps);
    List<BigDecimal> ticks = new ArrayList<>();
    BigDecimal tick = BigDecimal.ZERO;
    ticks.add(tick);
    while (step.signum() > 0 && tick.compareTo(high) < 0) {
      tick = tick.add(step);
      ticks.add(tick);
    }
    return ticks;
  }

  private BigDecimal step(int steps) {
    if (high.signum() <= 0) {
      return BigDecimal.ZERO;
    }
    BigDecimal least =
        high.divide(BigDecimal.valueOf(steps), high.scale() + PLACES, RoundingMode.UP);
    BigDecimal unit = BigDecimal.ONE.scaleByPowerOfTen(least.precision() - least.scale() - 1);
    return STEPS.stream()
        .map(unit::multiply)
        .filter(step -> step.compareTo(least) >= 0)
        .findFirst()
        .orElseThrow();
  }
}
