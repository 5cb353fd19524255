package io.millrace.jobs.budget;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/** For how long a budget is given; then it begins anew. Periods begin in UTC. */
public enum Period {
  HOUR,
  DAY,
  MONTH,
  /** Once and for all. */
  TOTAL;

  /** The end of a period that has none. */
  public static final long NEVER_MS = Long.MAX_VALUE;

  /** As files, state and reasons write it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** When the period began that holds this time, epoch milliseconds. */
  long startMs(long timeMs) {
    return this == TOTAL ? 0 : ms(start(timeMs));
  }

  /** When the next one begins, epoch milliseconds, or {@link #NEVER_MS}. */
  long nextStartMs(long timeMs) {
    return switch (this) {
      case HOUR -> ms(start(timeMs).plusHours(1));
      case DAY -> ms(start(timeMs).plusDays(1));
      case MONTH -> ms(start(timeMs).plusMonths(1));
      case TOTAL -> NEVER_MS;
    };
  }

  private LocalDateTime start(long timeMs) {
    LocalDateTime time = LocalDateTime.ofInstant(Instant.ofEpochMilli(timeMs), ZoneOffset.UTC);
    return switch (this) {
      case HOUR -> time.truncatedTo(ChronoUnit.HOURS);
      case DAY, TOTAL -> time.truncatedTo(ChronoUnit.DAYS);
      case MONTH -> time.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1);
    };
  }

  private static long ms(LocalDateTime time) {
    return time.toInstant(ZoneOffset.UTC).toEpochMilli();
  }
}
