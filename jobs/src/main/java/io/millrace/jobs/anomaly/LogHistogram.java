package io.millrace.jobs.anomaly;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Counts of positive numbers in buckets that grow by 15 %, so that a quantile is at most 7.3 % off.
 * The last bucket, from about 580,000 on, takes all that is greater.
 */
final class LogHistogram {
  private static final int BUCKETS = 96;
  private static final double GROWTH = Math.log(1.15);

  private final int[] counts = new int[BUCKETS];
  private long total;

  void add(long value) {
    counts[bucket(value)]++;
    total++;
  }

  void add(LogHistogram other) {
    for (int i = 0; i < BUCKETS; i++) {
      counts[i] += other.counts[i];
    }
    total += other.total;
  }

  long total() {
    return total;
  }

  /**
   * @param share 0 to 1
   * @return the middle of the bucket where it lies; 0 when empty
   */
  double quantile(double share) {
    long rank = (long) Math.ceil(share * total);
    long below = 0;
    for (int i = 0; i < BUCKETS; i++) {
      below += counts[i];
      if (below >= rank && below > 0) {
        return Math.exp((i + 0.5) * GROWTH);
      }
    }
    return 0;
  }

  /** Halves all counts, so that the newer half weighs more. */
  void fade() {
    total = 0;
    for (int i = 0; i < BUCKETS; i++) {
      counts[i] /= 2;
      total += counts[i];
    }
  }

  private static int bucket(long value) {
    return value <= 1 ? 0 : Math.min(BUCKETS - 1, (int) (Math.log((double) value) / GROWTH));
  }

  void write(DataOutput out) throws IOException {
    int used = 0;
    for (int count : counts) {
      used += count > 0 ? 1 : 0;
    }
    out.writeByte(used);
    for (int i = 0; i < BUCKETS; i++) {
      if (counts[i] > 0) {
        out.writeByte(i);
        out.writeInt(counts[i]);
      }
    }
  }

  void read(DataInput in) throws IOException {
    int used = in.readUnsignedByte();
    for (int i = 0; i < used; i++) {
      int bucket = in.readUnsignedByte();
      counts[bucket] = in.readInt();
      total += counts[bucket];
    }
  }
}
