package io.millrace.jobs.anomaly;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/** Hits and cases of the last windows, oldest first. Cases of one window count up to 2^31. */
final class CaseWindows {
  private final int windowsMax;
  private final Deque<int[]> windows = new ArrayDeque<>();

  CaseWindows(int windowsMax) {
    this.windowsMax = windowsMax;
  }

  void add(long hits, long cases) {
    if (windows.size() == windowsMax) {
      windows.removeFirst();
    }
    int most = Integer.MAX_VALUE;
    windows.addLast(new int[] {(int) Math.min(hits, most), (int) Math.min(cases, most)});
  }

  /** Hits and cases of all windows. */
  long[] sum() {
    long[] sum = new long[2];
    for (int[] window : windows) {
      sum[0] += window[0];
      sum[1] += window[1];
    }
    return sum;
  }

  /** Hits and cases of the newest windows, as few as have enough cases; null if all have not. */
  long[] newest(long casesMin) {
    long[] sum = new long[2];
    Iterator<int[]> newestFirst = windows.descendingIterator();
    while (newestFirst.hasNext() && sum[1] < casesMin) {
      int[] window = newestFirst.next();
      sum[0] += window[0];
      sum[1] += window[1];
    }
    return sum[1] >= casesMin && sum[1] > 0 ? sum : null;
  }

  /** Removes the oldest window if there are more than so many; else null. */
  long[] takeOldestBeyond(int kept) {
    if (windows.size() <= kept) {
      return null;
    }
    int[] oldest = windows.removeFirst();
    return new long[] {oldest[0], oldest[1]};
  }

  void clear() {
    windows.clear();
  }

  void write(DataOutput out) throws IOException {
    out.writeByte(windows.size());
    for (int[] window : windows) {
      out.writeInt(window[0]);
      out.writeInt(window[1]);
    }
  }

  void read(DataInput in) throws IOException {
    windows.clear();
    int size = in.readUnsignedByte();
    for (int i = 0; i < size; i++) {
      windows.addLast(new int[] {in.readInt(), in.readInt()});
    }
  }
}
