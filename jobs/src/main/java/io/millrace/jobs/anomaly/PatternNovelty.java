package io.millrace.jobs.anomaly;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * How unlike all known distributions the latest window of values is distributed: the relative
 * entropy to the nearest one (after Wang et al., "Statistical techniques for online anomaly
 * detection in data centers", 2011). A window that fits none becomes a known one; day and night,
 * week and weekend are each a few of them, which is what makes it patient with seasons.
 */
final class PatternNovelty {
  private static final int BINS = 5;

  /** Patterns kept; the one met least often makes room. */
  private static final int PATTERNS_MAX = 40;

  /** The statistic's 99th percentile for a window of a known pattern: chi-squared, 4 degrees. */
  private static final double FITS = 13;

  /** The statistic that scores one half. */
  private static final double HALF = 70;

  /** What a pattern gives to values it has never seen, as a count over all bins. */
  private static final double UNSEEN = 0.5;

  private final List<Pattern> patterns = new ArrayList<>();
  private double low = Double.POSITIVE_INFINITY;
  private double high = Double.NEGATIVE_INFINITY;

  private static final class Pattern {
    final byte[] counts;
    int met = 1;

    Pattern(byte[] counts) {
      this.counts = counts;
    }
  }

  /** Widens the range that the bins divide. */
  void widen(double value) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }

  /**
   * @param window at most 127 values
   * @return 0 for a known pattern and for the first, towards 1 for one unlike all others
   */
  double score(double[] window) {
    byte[] counts = counts(window);
    Pattern nearest = null;
    double statistic = Double.POSITIVE_INFINITY;
    for (Pattern pattern : patterns) {
      double s = statistic(counts, pattern.counts, window.length);
      if (s < statistic) {
        statistic = s;
        nearest = pattern;
      }
    }
    if (nearest != null && statistic <= FITS) {
      nearest.met++;
      return 0;
    }
    remember(counts);
    return nearest == null ? 0 : statistic / (statistic + HALF);
  }

  private byte[] counts(double[] window) {
    byte[] counts = new byte[BINS];
    for (double value : window) {
      int bin = high > low ? (int) ((value - low) / (high - low) * BINS) : 0;
      counts[Math.min(bin, BINS - 1)]++;
    }
    return counts;
  }

  /** Twice the log likelihood ratio. */
  private static double statistic(byte[] window, byte[] pattern, int size) {
    double sum = 0;
    for (int bin = 0; bin < BINS; bin++) {
      if (window[bin] > 0) {
        double expected = (pattern[bin] + UNSEEN / BINS) * size / (size + UNSEEN);
        sum += window[bin] * Math.log(window[bin] / expected);
      }
    }
    return 2 * sum;
  }

  private void remember(byte[] counts) {
    if (patterns.size() == PATTERNS_MAX) {
      int rarest = 0;
      for (int i = 1; i < patterns.size(); i++) {
        rarest = patterns.get(i).met < patterns.get(rarest).met ? i : rarest;
      }
      patterns.remove(rarest);
    }
    patterns.add(new Pattern(counts));
  }

  void write(DataOutput out) throws IOException {
    out.writeDouble(low);
    out.writeDouble(high);
    out.writeByte(patterns.size());
    for (Pattern pattern : patterns) {
      out.write(pattern.counts);
      out.writeInt(pattern.met);
    }
  }

  void read(DataInput in) throws IOException {
    low = in.readDouble();
    high = in.readDouble();
    patterns.clear();
    int size = in.readUnsignedByte();
    for (int i = 0; i < size; i++) {
      byte[] counts = new byte[BINS];
      in.readFully(counts);
      Pattern pattern = new Pattern(counts);
      pattern.met = in.readInt();
      patterns.add(pattern);
    }
  }
}
