package io.millrace.engine.speculative;

import java.util.Arrays;

/**
 * How long a forward pass takes by its number of rows, learned from those that were run.
 *
 * <p>Rows fall into buckets: one for each number up to {@link #EXACT_ROWS}, then eight for each
 * doubling. An estimate follows a shorter time fast and a longer one slowly, because what disturbs
 * a measurement only ever makes it longer. Between buckets it is interpolated; beyond the last, it
 * goes on as over its last half. A bucket that is not visited for long is believed less and less:
 * its estimate sinks towards that of fewer rows, so that what looked slow once, perhaps before it
 * was compiled, is tried again some day. The slower it looked, the later.
 */
final class StepCosts {
  private static final int EXACT_ROWS = 64;
  private static final int BUCKETS_PER_DOUBLING = 8;
  private static final int FIRST_BUCKET_ROWS = EXACT_ROWS / BUCKETS_PER_DOUBLING;
  private static final int BUCKETS = EXACT_ROWS + BUCKETS_PER_DOUBLING * 10;

  private static final double WEIGHT_SHORTER = 0.5;
  private static final double WEIGHT_LONGER = 0.02;

  /** A time longer than this many times the estimate counts as no more: a disturbance. */
  private static final double LONGER_MAX = 1.5;

  /** Measurements of others after which a bucket's estimate is halved. */
  private static final double HALF_LIFE = 4_096;

  /**
   * What a further row is taken to cost while one number of rows is known, as a share of those.
   * Little, so that it is tried.
   */
  private static final double UNKNOWN_ROW_SHARE = 0.25;

  /** Measurements after which the curve is drawn anew. */
  private static final int REDRAW = 8;

  /** By bucket: nanoseconds for its first number of rows; NaN before the first measurement. */
  private final double[] measured = new double[BUCKETS];

  private final long[] measuredAt = new long[BUCKETS];

  /** By bucket: the estimate. */
  private final double[] curve = new double[BUCKETS];

  private long measurements;
  private boolean stale;

  StepCosts() {
    forget();
  }

  /** Forgets all measurements. */
  void forget() {
    Arrays.fill(measured, Double.NaN);
    Arrays.fill(curve, 0);
    measurements = 0;
    stale = false;
  }

  /** Learns from one forward pass. */
  void measured(int rows, long nanos) {
    int bucket = bucket(rows);
    double scaled = (double) nanos * rowsOf(bucket) / rows;
    double known = measured[bucket];
    if (Double.isNaN(known)) {
      measured[bucket] = scaled;
      stale = true;
    } else {
      double weight = scaled < known ? WEIGHT_SHORTER : WEIGHT_LONGER;
      measured[bucket] += weight * (Math.min(scaled, LONGER_MAX * known) - known);
    }
    measuredAt[bucket] = ++measurements;
    stale |= measurements % REDRAW == 0;
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
    if (stale) {
      redraw();
      stale = false;
    }
    int bucket = bucket(rows);
    return curve[bucket] * rows / rowsOf(bucket);
  }

  /** Lays the curve through what is known, left to right. */
  private void redraw() {
    int below = -1; // the last known bucket
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      if (!Double.isNaN(measured[bucket])) {
        curve[bucket] = aged(bucket);
        interpolate(below, bucket);
        below = bucket;
      }
    }
    double perFurtherRow = perFurtherRow(below);
    for (int bucket = below + 1; bucket < BUCKETS; bucket++) {
      curve[bucket] = curve[below] + perFurtherRow * (rowsOf(bucket) - rowsOf(below));
    }
    for (int bucket = 1; bucket < BUCKETS; bucket++) {
      curve[bucket] = Math.max(curve[bucket], curve[bucket - 1]); // more rows take no less time
    }
  }

  /**
   * The price of a row beyond the last known bucket: as between half its rows and all of them.
   * Closer ones would tell of little but noise.
   */
  private double perFurtherRow(int last) {
    double least = UNKNOWN_ROW_SHARE * curve[last] / rowsOf(last);
    int half = bucket(Math.max(1, rowsOf(last) / 2));
    double slope =
        half < last ? (curve[last] - curve[half]) / (rowsOf(last) - rowsOf(half)) : least;
    return Math.max(least, slope);
  }

  /** Fills the curve between two known buckets; before the first it is flat. */
  private void interpolate(int below, int above) {
    for (int bucket = below + 1; bucket < above; bucket++) {
      double share =
          below < 0
              ? 1
              : (double) (rowsOf(bucket) - rowsOf(below)) / (rowsOf(above) - rowsOf(below));
      double from = below < 0 ? 0 : curve[below];
      curve[bucket] = from + share * (curve[above] - from);
    }
  }

  private double aged(int bucket) {
    long age = measurements - measuredAt[bucket];
    return measured[bucket] * Math.pow(2, -age / HALF_LIFE);
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

  /** All rows beyond the last bucket's fall into it. */
  private static int bucket(int rows) {
    if (rows <= EXACT_ROWS) {
      return rows - 1;
    }
    int doublings = 31 - Integer.numberOfLeadingZeros((rows - 1) / EXACT_ROWS);
    int eighths = ((rows - 1) >> doublings) / FIRST_BUCKET_ROWS - BUCKETS_PER_DOUBLING;
    return Math.min(BUCKETS - 1, EXACT_ROWS + doublings * BUCKETS_PER_DOUBLING + eighths);
  }
}
