package io.millrace.jobs.kafka;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * How often a prompt was sent again from the dead letters: a header that goes with the prompt, and
 * with the dead letter that it becomes again.
 */
public final class Replays {
  /** The header's name; its value is a decimal number, absent for none. */
  public static final String HEADER = "millrace.replay";

  /** More are not counted. */
  public static final int COUNT_MAX = 999;

  private static final int DIGITS_MAX = 3;

  private Replays() {}

  /** The count that the headers tell; 0 where they tell none, or nonsense. */
  public static int count(Headers headers) {
    Header header = headers.lastHeader(HEADER);
    byte[] digits = header == null ? null : header.value();
    if (digits == null || digits.length == 0 || digits.length > DIGITS_MAX) {
      return 0;
    }
    int count = 0;
    for (byte digit : digits) {
      if (digit < '0' || digit > '9') {
        return 0;
      }
      count = 10 * count + digit - '0';
    }
    return count;
  }

  /** Writes a count; none where it is 0. */
  public static void put(Headers headers, int count) {
    headers.remove(HEADER);
    if (count > 0) {
      String digits = Integer.toString(Math.min(count, COUNT_MAX));
      headers.add(HEADER, digits.getBytes(StandardCharsets.UTF_8));
    }
  }
}
