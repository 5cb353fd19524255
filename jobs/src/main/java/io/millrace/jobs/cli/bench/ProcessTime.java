package io.millrace.jobs.cli.bench;

import java.time.Duration;

/** The processor time of this process. */
final class ProcessTime {
  private ProcessTime() {}

  /** All threads together, since the start, nanoseconds; 0 where the system does not say. */
  static long cpuNanos() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
  }
}
