package io.millrace.jobs.anomaly;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;

/** The last values of a series, and where their middle is. Robust: a few wild ones move nothing. */
final class Baseline {
  /** Values kept: an hour of minutes. */
  static final int VALUES_MAX = 60;

  /** A normal distribution's standard deviation, in median absolute deviations. */
  private static final double DEVIATIONS = 1.4826;

  private final float[] values = new float[VALUES_MAX];
  private int size;
  private int next;

  void add(double value) {
    values[next] = (float) value;
    next = (next + 1) % VALUES_MAX;
    size = Math.min(size + 1, VALUES_MAX);
  }

  int size() {
    return size;
  }

  double median() {
    return median(Arrays.copyOf(values, size));
  }

  /** An estimate of the standard deviation that half of the values could not spoil. */
  double spread() {
    float median = (float) median();
    float[] deviations = Arrays.copyOf(values, size);
    for (int i = 0; i < size; i++) {
      deviations[i] = Math.abs(deviations[i] - median);
    }
    return DEVIATIONS * median(deviations);
  }

  private static double median(float[] values) {
    Arrays.sort(values);
    int middle = values.length / 2;
    return values.length % 2 == 1
        ? values[middle]
        : ((double) values[middle - 1] + values[middle]) / 2;
  }

  void clear() {
    size = 0;
    next = 0;
  }

  void write(DataOutput out) throws IOException {
    out.writeByte(size);
    out.writeByte(next);
    for (int i = 0; i < size; i++) {
      out.writeFloat(values[i]);
    }
  }

  void read(DataInput in) throws IOException {
    size = in.readUnsignedByte();
    next = in.readUnsignedByte();
    for (int i = 0; i < size; i++) {
      values[i] = in.readFloat();
    }
  }
}
