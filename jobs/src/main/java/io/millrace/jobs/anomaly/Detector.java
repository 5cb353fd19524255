package io.millrace.jobs.anomaly;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Judges one series, value by value, and learns from what it has judged. Its state is bounded and
 * depends on the values only: the same series gives the same scores, before and after a restore.
 * Not safe for use by several threads.
 */
public interface Detector {

  /**
   * How far the next value is from what was seen before it.
   *
   * @param value in the series' own unit; only its place among the others counts
   * @return 0 (nothing to report) to 1
   * @throws IllegalArgumentException if the value is not finite
   */
  double score(double value);

  /** Writes all that was learnt. */
  void write(DataOutput out) throws IOException;

  /** Takes what {@link #write} of the same class wrote. */
  void read(DataInput in) throws IOException;
}
