package io.millrace.jobs.report;

import java.time.Duration;
import java.time.Instant;

/**
 * The time that the rows are about.
 *
 * @param from when the first of them began: its end less its time in the system, or on the device
 * @param to when the last of them ended
 * @param slices how it is cut
 */
public record Period(Instant from, Instant to, SliceLength slices) {
  public Duration length() {
    return Duration.between(from, to);
  }
}
