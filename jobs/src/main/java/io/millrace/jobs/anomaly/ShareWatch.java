package io.millrace.jobs.anomaly;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Watches a share, such as hits of lookups: the newest windows, as few as hold enough cases,
 * against the calm ones before them, by the test of two proportions.
 */
abstract class ShareWatch implements Watch {
  /** Calm windows kept. */
  private static final int BEFORE_MAX = 60;

  /** Newest windows that may be needed to have enough cases. */
  private static final int RECENT_MAX = 5;

  /** Standard errors; cases of one window are not quite independent. */
  private static final double FAR = 6;

  private final CaseWindows calm = new CaseWindows(BEFORE_MAX);
  private final CaseWindows recent = new CaseWindows(RECENT_MAX);

  /** What could have been. */
  abstract long cases(WindowTotals window);

  /** What was. */
  abstract long hits(WindowTotals window);

  /** Fewest cases to judge newest windows by; twice as many must have come before. */
  abstract long casesMin();

  /** 1 if a rise is bad, -1 if a fall is. */
  abstract int direction();

  /** Whether it would matter. */
  abstract boolean matters(double share, double expected);

  @Override
  public final Judgement judge(WindowTotals window, boolean open) {
    recent.add(hits(window), cases(window));
    long[] now = recent.newest(casesMin());
    long[] then = calm.sum();
    if (now == null || then[1] < 2 * casesMin()) {
      settle();
      return Judgement.CALM;
    }
    double share = (double) now[0] / now[1];
    double expected = (double) then[0] / then[1];
    double pooled = (double) (now[0] + then[0] + 1) / (now[1] + then[1] + 2);
    double error = Math.sqrt(pooled * (1 - pooled) * (1.0 / now[1] + 1.0 / then[1]));
    double z = direction() * (share - expected) / error;
    if (matters(share, expected) && z >= (open ? FAR / 2 : FAR)) {
      return new Judgement(true, false, share, expected, z);
    }
    settle();
    return Judgement.calm(share, expected, z);
  }

  /** What is old enough, and was calm, is what later windows are compared with. */
  private void settle() {
    long[] oldest = recent.takeOldestBeyond(RECENT_MAX - 1);
    if (oldest != null) {
      calm.add(oldest[0], oldest[1]);
    }
  }

  @Override
  public final void accept() {
    calm.clear();
  }

  @Override
  public final void write(DataOutput out) throws IOException {
    calm.write(out);
    recent.write(out);
  }

  @Override
  public final void read(DataInput in) throws IOException {
    calm.read(in);
    recent.read(in);
  }
}
