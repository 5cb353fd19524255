package io.millrace.engine.backend.cuda.ptx;

import java.util.Arrays;

/**
 * Who last wrote and who last read each granule of a memory, and so which accesses race.
 *
 * <p>A warp's time is cut into intervals, numbered as they begin, over all warps and launches; a
 * barrier ends one. Each warp knows up to which interval of each other warp everything happened
 * before it ({@link Warp#seen}). Two accesses by different threads of a block race when one of them
 * writes, not both are atomic, and the earlier one's interval is not among those seen. Accesses by
 * different blocks of a grid race always, unless the earlier block published (see {@link Launch}).
 *
 * <p>A granule is as large as the smallest access of the kernel that runs, so neighbours do not
 * race. Of several readers only the last is known by name, and that there were more.
 */
final class RaceShadow {
  private static final int THREAD_BITS = 10;
  private static final long ATOMIC = 1L << THREAD_BITS;
  private static final long SEVERAL = 2L << THREAD_BITS;
  private static final int INTERVAL_SHIFT = THREAD_BITS + 2;

  private final int bytes;
  private final boolean shared;
  private long[] writes = new long[0];
  private long[] reads = new long[0];

  /**
   * @param shared whether each block has this memory for itself
   */
  RaceShadow(int bytes, boolean shared) {
    this.bytes = bytes;
    this.shared = shared;
  }

  /** Makes room for the running kernel's granules, and says how large they are, as a shift. */
  private int fit(Warp warp) {
    Kernel kernel = warp.block.launch.kernel;
    int shift = shared ? kernel.sharedGranule() : kernel.globalGranule();
    int granules = (bytes >> shift) + 1;
    if (writes.length < granules) {
      writes = Arrays.copyOf(writes, granules);
      reads = Arrays.copyOf(reads, granules);
    }
    return shift;
  }

  void read(Warp warp, int lane, int offset, int size, boolean atomic, Memory memory) {
    int shift = fit(warp);
    int thread = warp.first + lane;
    long stamp = warp.interval << INTERVAL_SHIFT | (atomic ? ATOMIC : 0) | thread;
    for (int i = offset >> shift; i <= (offset + size - 1) >> shift; i++) {
      if (writes[i] != 0 && races(warp, thread, writes[i], atomic)) {
        throw race(warp, lane, "read", writes[i], "written", i << shift, memory);
      }
      long earlier = reads[i];
      if (earlier == stamp) {
        continue;
      }
      boolean other = earlier != 0 && races(warp, thread, earlier, false);
      reads[i] = other ? stamp | SEVERAL : stamp;
    }
  }

  void write(Warp warp, int lane, int offset, int size, boolean atomic, Memory memory) {
    int shift = fit(warp);
    int thread = warp.first + lane;
    long stamp = warp.interval << INTERVAL_SHIFT | (atomic ? ATOMIC : 0) | thread;
    for (int i = offset >> shift; i <= (offset + size - 1) >> shift; i++) {
      if (writes[i] != 0 && races(warp, thread, writes[i], atomic)) {
        throw race(warp, lane, "write", writes[i], "written", i << shift, memory);
      }
      if (reads[i] != 0 && races(warp, thread, reads[i], atomic)) {
        throw race(warp, lane, "write", reads[i], "read", i << shift, memory);
      }
      writes[i] = stamp;
    }
  }

  private boolean races(Warp warp, int thread, long earlier, boolean atomic) {
    long interval = earlier >>> INTERVAL_SHIFT;
    Block block = warp.block;
    if (interval < block.launch.firstInterval || (atomic && (earlier & ATOMIC) != 0)) {
      return false;
    }
    if (interval < block.firstInterval) {
      return !shared && !block.launch.published(interval, block);
    }
    int earlierThread = (int) (earlier & (ATOMIC - 1));
    if (earlierThread == thread && (earlier & SEVERAL) == 0) {
      return false;
    }
    return interval > warp.seen[earlierThread >> 5];
  }

  private static PtxFault race(
      Warp warp, int lane, String access, long earlier, String before, int offset, Memory memory) {
    boolean sameBlock = earlier >>> INTERVAL_SHIFT >= warp.block.firstInterval;
    return warp.fault(
        lane,
        "race: "
            + access
            + " of "
            + memory
            + " at "
            + offset
            + ", "
            + before
            + " by thread "
            + (earlier & (ATOMIC - 1))
            + ((earlier & SEVERAL) != 0 ? " and others" : "")
            + (sameBlock ? " with no barrier between" : " of another block"));
  }
}
