package io.millrace.engine.remote;

import java.net.http.HttpHeaders;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;

/** How long a server wants to be left alone: seconds, or a date (RFC 9110, 10.2.3). */
final class RetryAfter {
  private static final int DIGITS_MAX = 12;

  private RetryAfter() {}

  /**
   * @param nowMs milliseconds since 1970 UTC
   * @return milliseconds from now on, at least 0; -1 if the server does not say, or not so that it
   *     can be understood
   */
  static long readMs(HttpHeaders headers, long nowMs) {
    // Providers' own, finer header goes first.
    long ms = number(headers.firstValue("retry-after-ms").orElse("").strip());
    if (ms >= 0) {
      return ms;
    }
    String value = headers.firstValue("retry-after").orElse("").strip();
    long seconds = number(value);
    if (seconds >= 0) {
      return Duration.ofSeconds(seconds).toMillis();
    }
    try {
      long at =
          ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
              .toInstant()
              .toEpochMilli();
      return Math.max(0, at - nowMs);
    } catch (DateTimeException e) {
      return -1;
    }
  }

  private static long number(String text) {
    boolean digits =
        !text.isEmpty()
            && text.length() <= DIGITS_MAX
            && text.chars().allMatch(c -> c >= '0' && c <= '9');
    return digits ? Long.parseLong(text) : -1;
  }
}
