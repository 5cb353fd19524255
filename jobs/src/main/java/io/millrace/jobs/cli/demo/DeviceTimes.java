package io.millrace.jobs.cli.demo;

import io.millrace.jobs.cli.progress.Format;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * What one model's committed cost rows say of its device's time, against how long Flink says that
 * the device was held.
 */
final class DeviceTimes {
  private static final double APART_MAX = 0.001;

  /** A clock of milliseconds here, one of nanoseconds there, and a message between them. */
  private static final long APART_MAX_MS = 50;

  private final Map<CostKind, Long> nanos = new EnumMap<>(CostKind.class);
  private long lastRequestMs;
  private long lastIdleMs;

  void add(CostEvent row) {
    nanos.merge(row.getKind(), row.getDeviceNanos(), Long::sum);
    long timeMs = row.getEventTime().toEpochMilli();
    if (row.getKind() == CostKind.idle) {
      lastIdleMs = Math.max(lastIdleMs, timeMs);
    } else if (row.getKind() == CostKind.request) {
      lastRequestMs = Math.max(lastRequestMs, timeMs);
    }
  }

  /**
   * Whether its rows are complete up to the last idle one, if no request is in progress any more.
   */
  boolean complete() {
    return lastIdleMs > lastRequestMs;
  }

  /**
   * Whether the rows sum to the wall clock, within 0.1 % or {@value #APART_MAX_MS} ms.
   *
   * @param beganMs when the device was first held, epoch milliseconds
   */
  boolean agrees(long beganMs) {
    long wallNanos = wallNanos(beganMs);
    long apart = Math.abs(sum() - wallNanos);
    return apart <= APART_MAX * wallNanos || apart <= 1_000_000 * APART_MAX_MS;
  }

  /** The same, for people. */
  String line(long beganMs) {
    long wallNanos = wallNanos(beganMs);
    return parts()
        + "; Flink says "
        + Format.seconds(wallNanos)
        + String.format(
            Locale.ROOT, ", %.3f %% apart", 100.0 * Math.abs(sum() - wallNanos) / wallNanos);
  }

  /** What there is, where it cannot be compared. */
  String parts() {
    return Format.seconds(sum())
        + ", of which answers "
        + Format.seconds(of(CostKind.request))
        + ", idle "
        + Format.seconds(of(CostKind.idle))
        + (of(CostKind.recovery) == 0 ? "" : ", lost " + Format.seconds(of(CostKind.recovery)));
  }

  private long wallNanos(long beganMs) {
    return 1_000_000 * (lastIdleMs - beganMs);
  }

  private long sum() {
    return nanos.values().stream().mapToLong(Long::longValue).sum();
  }

  private long of(CostKind kind) {
    return nanos.getOrDefault(kind, 0L);
  }
}
