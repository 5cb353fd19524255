package io.millrace.jobs.cli.demo;

import io.millrace.jobs.cli.progress.Format;
import io.millrace.jobs.embedded.JobHandle.Began;
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

  /** Clocks of milliseconds here and of nanoseconds there. */
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
   * @param began when the device was first held
   */
  boolean agrees(Began began) {
    long apart = apart(began);
    return apart <= APART_MAX * shortest(began) || apart <= 1_000_000 * APART_MAX_MS;
  }

  /** The same, for people. */
  String line(Began began) {
    return String.format(
        Locale.ROOT,
        "%s; Flink says %s to %s, %.3f %% apart",
        parts(),
        Format.seconds(shortest(began)),
        Format.seconds(longest(began)),
        100.0 * apart(began) / shortest(began));
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

  /** By how much the rows are outside of what Flink says, nanoseconds. */
  private long apart(Began began) {
    return Math.max(0, Math.max(shortest(began) - sum(), sum() - longest(began)));
  }

  private long shortest(Began began) {
    return 1_000_000 * (lastIdleMs - began.heardMs());
  }

  private long longest(Began began) {
    return 1_000_000 * (lastIdleMs - began.deployedMs());
  }

  private long sum() {
    return nanos.values().stream().mapToLong(Long::longValue).sum();
  }

  private long of(CostKind kind) {
    return nanos.getOrDefault(kind, 0L);
  }
}
