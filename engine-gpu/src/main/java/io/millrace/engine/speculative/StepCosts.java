package io.millrace.engine.speculative;

import java.util.Arrays;

/**
 * How long a forward pass takes by its number of rows, learned from those that were run.
 *
 * <p>Rows fall into buckets: one for each number up to {@link #EXACT_ROWS}, then eight for each
 * doubling. An estimate follows a shorter time fast and a longer one slowly, because what disturbs
 * a measurement only ever makes it longer. Between buckets it is interpolated. A bucket that is not
 * visited for long is believed less and less: its estimate sinks towards that of fewer rows, so
 * that what looked slow once, perhaps before it was compiled, is tried again some day. The slower
 * it looked, the later.
 */
final class StepCosts {
  private static final int EXACT_ROWS = 64;
  private static final int BUCKETS_PER_DOUBLING = 8;
  private static final int FIRST_BUCKET_ROWS = EXACT_ROWS / BUCKETS_PER_DOUBLING;
  private static final int BUCKETS = EXACT_ROWS + BUCKETS_PER_DOUBLING * 24;

  private static final double WEIGHT_SHORTER = 0.5;
  private static final double WEIGHT_LONGER = 0.1;

  /** Measurements of others after which a bucket's estimate is halved. */
  private static final double HALF_LIFE = 1_024;

  /** By bucket: nanoseconds per row; NaN before the first measurement. */
  private final double[] nanosPerRow = new double[BUCKETS];

  private final long[] measuredAt = new long[BUCKETS];
  private long measurements;

  StepCosts() {
    Arrays.fill(nanosPerRow, Double.NaN);
  }

  /** Learns from one forward pass. */
  void measured(int rows, long nanos) {
    int bucket = bucket(rows);
    double measured = (double) nanos / rows;
    double known = nanosPerRow[bucket];
    if (Double.isNaN(known)) {
      nanosPerRow[bucket] = measured;
    } else {
      double weight = measured < known ? WEIGHT_SHORTER : WEIGHT_LONGER;
      nanosPerRow[bucket] += weight * (measured - known);
    }
    measuredAt[bucket] = ++measurements;
  }

  /**
   * About how long a pass over so many rows takes.
   *
   * @param rows 0 or more; 0 takes no time
   * @return nanoseconds; 0 while nothing was measured
   */
  double nanos(int rows) {
    if (rows == 0 || measurements == 0) {
      return 0;
    }
    double floor = 0; // more rows never take less time
    int below = -1;
    int above = -1;
    for (int bucket = 0; bucket < BUCKETS && above < 0; bucket++) {
      if (Double.isNaN(nanosPerRow[bucket])) {
        continue;
      }
      if (rowsOf(bucket) <= rows) {
        below = bucket;
        floor = Math.max(floor, estimate(bucket));
      } else {
        above = bucket;
      }
    }
    if (below < 0) {
      return estimate(above);
    }
    if (rowsOf(below) == rows) {
      return floor;
    }
    if (above < 0) {
      return Math.max(floor, estimate(below) * rows / rowsOf(below));
    }
    double share = (double) (rows - rowsOf(below)) / (rowsOf(above) - rowsOf(below));
    return Math.max(floor, estimate(below) + share * (estimate(above) - estimate(below)));
  }

  /** Of the bucket's first number of rows, in nanoseconds. */
  private double estimate(int bucket) {
    long age = measurements - measuredAt[bucket];
    return nanosPerRow[bucket] * rowsOf(bucket) * Math.pow(2, -age / HALF_LIFE);
  }

  /** The fewest rows that fall into a bucket. */
  private static int rowsOf(int bucket) {
    if (bucket < EXACT_ROWS) {
      return bucket + 1;
    }
    int doublings = (bucket - EXACT_ROWS) / BUCKETS_PER_DOUBLING;
    int eighths = (bucket - EXACT_ROWS) % BUCKETS_PER_DOUBLING;
    return ((FIRST_BUCKET_ROWS * (BUCKETS_PER_DOUBLING + eighths)) << doublings) + 1;
  }

  private static int bucket(int rows) {
    if (rows <= EXACT_ROWS) {
      return rows - 1;
    }
    int doublings = 31 - Integer.numberOfLeadingZeros((rows - 1) / EXACT_ROWS);
    int eighths = ((rows - 1) >> doublings) / FIRST_BUCKET_ROWS - BUCKETS_PER_DOUBLING;
    return Math.min(BUCKETS - 1, EXACT_ROWS + doublings * BUCKETS_PER_DOUBLING + eighths);
  }
}
