package io.millrace.jobs.report.html;

import io.millrace.jobs.report.Period;
import io.millrace.jobs.report.TimeSlice;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * The bars of a chart over time: slices, those without rows too, and several together where there
 * would be too many.
 *
 * @param bars from the first to the last
 * @param length of time that one stands for
 */
record TimelineBars(List<Bar> bars, Duration length) {
  private static final int BARS_MAX = 160;

  /**
   * One bar.
   *
   * @param start of its time
   * @param parts its amounts, by layer
   */
  record Bar(Instant start, List<BigDecimal> parts) {
    BigDecimal total() {
      return parts.stream().reduce(BigDecimal.ZERO, BigDecimal::add);
    }
  }

  static TimelineBars of(
      Period period,
      List<TimeSlice> slices,
      int layers,
      Function<TimeSlice, List<BigDecimal>> parts) {
    long slice = period.slices().duration().toMillis();
    long first = Math.floorDiv(slices.get(0).start().toEpochMilli(), slice);
    long last = Math.floorDiv(slices.get(slices.size() - 1).start().toEpochMilli(), slice);
    long together = (last - first) / BARS_MAX + 1;
    int count = Math.toIntExact((last - first) / together + 1);
    BigDecimal[][] sums = new BigDecimal[count][layers];
    for (BigDecimal[] bar : sums) {
      Arrays.fill(bar, BigDecimal.ZERO);
    }
    for (TimeSlice one : slices) {
      long index = (Math.floorDiv(one.start().toEpochMilli(), slice) - first) / together;
      BigDecimal[] bar = sums[Math.toIntExact(index)];
      List<BigDecimal> amounts = parts.apply(one);
      for (int layer = 0; layer < layers; layer++) {
        bar[layer] = bar[layer].add(amounts.get(layer));
      }
    }
    List<Bar> bars = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      bars.add(new Bar(Instant.ofEpochMilli((first + i * together) * slice), List.of(sums[i])));
    }
    return new TimelineBars(bars, Duration.ofMillis(slice * together));
  }
}
