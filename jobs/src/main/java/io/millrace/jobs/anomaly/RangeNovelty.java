package io.millrace.jobs.anomaly;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * How far a value lies outside the range of those before it, as a share of that range. Only news
 * counts: the range grows to the value at once, and shrinks very slowly towards the running mean,
 * so that one extreme does not hide all later ones.
 */
final class RangeNovelty {
  /** Values after which an extreme has come 63 % of the way back to the mean. */
  private static final double MEMORY_VALUES = 50_000;

  /** Values that the running mean follows. */
  private static final long MEAN_VALUES = 500;

  /** Share of the range by which a value exceeds it to score one half. */
  private static final double HALF = 0.1;

  /** Stands in for the range of a constant series. */
  private static final double RANGE_MIN = 1e-9;

  private long values;
  private double low;
  private double high;
  private double mean;

  /** 0 within the range, towards 1 far from it. */
  double score(double value) {
    if (values == 0) {
      low = value;
      high = value;
    }
    double excess = Math.max(value - high, low - value) / Math.max(high - low, RANGE_MIN);
    learn(value);
    return excess > 0 ? excess / (excess + HALF) : 0;
  }

  private void learn(double value) {
    low += (mean - low) / MEMORY_VALUES * (values == 0 ? 0 : 1);
    high += (mean - high) / MEMORY_VALUES * (values == 0 ? 0 : 1);
    values++;
    mean += (value - mean) / Math.min(values, MEAN_VALUES);
    low = Math.min(low, value);
    high = Math.max(high, value);
  }

  void write(DataOutput out) throws IOException {
    out.writeLong(values);
    out.writeDouble(low);
    out.writeDouble(high);
    out.writeDouble(mean);
  }

  void read(DataInput in) throws IOException {
    values = in.readLong();
    low = in.readDouble();
    high = in.readDouble();
    mean = in.readDouble();
  }
}
