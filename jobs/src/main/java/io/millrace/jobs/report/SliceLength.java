package io.millrace.jobs.report;

import java.time.Duration;
import java.util.Locale;

/** How long the pieces are that a report's period is cut into; they begin at whole ones, UTC. */
public enum SliceLength {
  TEN_SECONDS(Duration.ofSeconds(10)),
  MINUTE(Duration.ofMinutes(1)),
  HOUR(Duration.ofHours(1)),
  DAY(Duration.ofDays(1));

  private static final Duration SECONDS_UP_TO = Duration.ofMinutes(15);
  private static final Duration MINUTES_UP_TO = Duration.ofHours(3);
  private static final Duration HOURS_UP_TO = Duration.ofDays(4);

  private final Duration duration;

  SliceLength(Duration duration) {
    this.duration = duration;
  }

  public Duration duration() {
    return duration;
  }

  /** What it is called in a sentence: {@code minute}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  /** What suits a period of this length. */
  public static SliceLength of(Duration period) {
    if (period.compareTo(SECONDS_UP_TO) <= 0) {
      return TEN_SECONDS;
    }
    if (period.compareTo(MINUTES_UP_TO) <= 0) {
      return MINUTE;
    }
    return period.compareTo(HOURS_UP_TO) <= 0 ? HOUR : DAY;
  }
}
