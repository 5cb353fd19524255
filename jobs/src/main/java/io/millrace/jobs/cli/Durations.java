package io.millrace.jobs.cli;

import java.time.Duration;
import org.apache.flink.util.TimeUtils;
import picocli.CommandLine.TypeConversionException;

/** Durations as people write them: {@code 90s}, {@code 10min}, {@code 2 h}. */
final class Durations {
  private Durations() {}

  static Duration parse(String text) {
    try {
      return TimeUtils.parseDuration(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException("'" + text + "' is no duration, such as 90s or 10min");
    }
  }
}
