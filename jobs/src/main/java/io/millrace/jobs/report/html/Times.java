package io.millrace.jobs.report.html;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Times for people, UTC. */
final class Times {
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration YEAR = Duration.ofDays(300);
  private static final DateTimeFormatter FULL = formatter("d MMM yyyy, HH:mm");
  private static final DateTimeFormatter FULL_SECONDS = formatter("d MMM yyyy, HH:mm:ss");
  private static final DateTimeFormatter CLOCK = formatter("HH:mm");
  private static final DateTimeFormatter SECONDS = formatter("HH:mm:ss");
  private static final DateTimeFormatter CLOCK_OF_DAY = formatter("d MMM HH:mm");
  private static final DateTimeFormatter DATE = formatter("d MMM");
  private static final DateTimeFormatter DATE_OF_YEAR = formatter("d MMM yyyy");

  private Times() {}

  /** {@code 1 Mar 2026, 10:00}. */
  static String full(Instant time) {
    return FULL.format(time);
  }

  /** With seconds where they matter. */
  static String of(Instant time, Duration slice) {
    return slice.toSecondsPart() == 0 ? full(time) : FULL_SECONDS.format(time);
  }

  /** {@code 1 Mar 2026, 10:00 – 12:30}. */
  static String range(Instant from, Instant to) {
    boolean sameDay =
        from.atOffset(ZoneOffset.UTC)
            .toLocalDate()
            .equals(to.atOffset(ZoneOffset.UTC).toLocalDate());
    return full(from) + " – " + (sameDay ? CLOCK.format(to) : full(to)) + " UTC";
  }

  /**
   * As short as an axis can have it.
   *
   * @param slice how long a step of the axis is
   * @param period how long the axis is
   */
  static String onAxis(Instant time, Duration slice, Duration period) {
    if (slice.compareTo(DAY) >= 0) {
      return (period.compareTo(YEAR) > 0 ? DATE_OF_YEAR : DATE).format(time);
    }
    if (slice.toSecondsPart() != 0) {
      return SECONDS.format(time);
    }
    return (period.compareTo(DAY) > 0 ? CLOCK_OF_DAY : CLOCK).format(time);
  }

  /** {@code a minute}, {@code 3 hours}. */
  static String length(Duration slice) {
    long days = slice.toDays();
    if (days > 0 && slice.equals(Duration.ofDays(days))) {
      return days == 1 ? "a day" : days + " days";
    }
    if (slice.toHours() > 0) {
      return slice.toHours() == 1 ? "an hour" : slice.toHours() + " hours";
    }
    if (slice.toMinutes() == 0 || slice.toSecondsPart() != 0) {
      return slice.toSeconds() + " seconds";
    }
    return slice.toMinutes() == 1 ? "a minute" : slice.toMinutes() + " minutes";
  }

  private static DateTimeFormatter formatter(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).withZone(ZoneOffset.UTC);
  }
}
