package io.millrace.jobs.generate;

import io.millrace.jobs.state.DeviceTime;
import io.millrace.schemas.CostKind;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Accounts for every nanosecond that a task holds its device: what requests did not use is idle,
 * what a failure threw away is recovery. The task's thread only.
 *
 * <p><b>Idle.</b> The device is held from when Flink begins to set up the task; loading the model
 * and warming it up count. All that the engine does is told in order, each mail with the time up to
 * which it tells ({@link #reached}). Of that time, requests used what was {@link #used}, and the
 * rest was idle: it can never be negative, and never changes afterwards, however long a step takes.
 *
 * <p><b>Recovery.</b> A checkpoint holds until when time is accounted for. After a restart within
 * the same job, all from then to the task's new beginning was lost: what was computed is computed
 * again. After another job's savepoint it was not: in between nobody held the device for us.
 *
 * <p>So at every checkpoint the rows so far, the answers in progress and what is booked next sum to
 * the time since the first beginning, but for clocks that are set meanwhile.
 */
final class DeviceClock {

  /** The time in nanoseconds, from any origin. */
  interface NanoClock extends LongSupplier, Serializable {}

  /**
   * Time to be booked in a cost row.
   *
   * @param kind idle or recovery
   * @param untilMs until when all time is accounted for with it, epoch milliseconds
   */
  record Booking(CostKind kind, long nanos, long untilMs) {}

  private final LongSupplier nanoClock;
  private final long intervalNanos;
  private final long startNanos;
  private final long startEpochNanos;

  /** Since the start, nanoseconds. */
  private long reached;

  private long booked;
  private long idle;
  private long recovery;
  private boolean ended;
  private boolean off;

  /**
   * @param epochMillis the time now
   * @param heldMs for how long the device has been held, milliseconds
   * @param interval how often idle time is booked
   */
  DeviceClock(LongSupplier nanoClock, long epochMillis, long heldMs, Duration interval) {
    this.nanoClock = nanoClock;
    this.intervalNanos = interval.toNanos();
    this.startNanos = nanoClock.getAsLong() - TimeUnit.MILLISECONDS.toNanos(heldMs);
    this.startEpochNanos = TimeUnit.MILLISECONDS.toNanos(epochMillis - heldMs);
  }

  /** Takes over what earlier tasks, one or more, left to be booked. */
  void restore(Iterable<DeviceTime> left, String jobId) {
    for (DeviceTime time : left) {
      idle += time.getIdleNanos();
      recovery += time.getRecoveryNanos();
      if (time.getJobId().equals(jobId)) {
        recovery += Math.max(0, startEpochNanos - time.getUntilNanos());
      }
    }
  }

  /** What the next task has to know. */
  DeviceTime left(String jobId) {
    // Should the model run on a device some day, what it is without one now is not that one's time.
    return new DeviceTime(jobId, startEpochNanos + reached, off ? 0 : idle, off ? 0 : recovery);
  }

  /** A request will be billed for this time, which lies before what is next {@link #reached}. */
  void used(long nanos) {
    idle -= nanos;
  }

  /** A request was to be billed for this time, maybe by an earlier task, and will not be. */
  void lost(long nanos) {
    recovery += nanos;
  }

  /** All that was used up to this time, by the clock in nanoseconds, is told. */
  void reached(long atNanos) {
    long now = Math.max(reached, atNanos - startNanos);
    idle += now - reached;
    reached = now;
  }

  /** What is to be booked now: idle time once an interval, lost time at once. */
  List<Booking> due() {
    List<Booking> due = new ArrayList<>();
    if (off || ended) {
      return due;
    }
    long untilMs = TimeUnit.NANOSECONDS.toMillis(startEpochNanos + reached);
    if (recovery > 0) {
      due.add(new Booking(CostKind.recovery, recovery, untilMs));
      recovery = 0;
    }
    if (reached - booked >= intervalNanos) {
      booked = reached;
      if (idle > 0) {
        due.add(new Booking(CostKind.idle, idle, untilMs));
        idle = 0;
      }
    }
    return due;
  }

  /** All that is left, with nothing in progress any more; nothing is due afterwards. */
  List<Booking> last() {
    reached(nanoClock.getAsLong());
    booked = reached - intervalNanos;
    List<Booking> last = due();
    ended = true;
    return last;
  }

  /** There is no device of ours: nothing is ever due. */
  void off() {
    off = true;
  }
}
