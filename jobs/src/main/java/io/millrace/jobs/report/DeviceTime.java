package io.millrace.jobs.report;

/**
 * Device time, nanoseconds.
 *
 * @param answers for requests
 * @param idle used by no request
 * @param recovery whose work a failure threw away
 */
public record DeviceTime(long answers, long idle, long recovery) {

  public long all() {
    return answers + idle + recovery;
  }

  DeviceTime plus(DeviceTime other) {
    return new DeviceTime(answers + other.answers, idle + other.idle, recovery + other.recovery);
  }
}
