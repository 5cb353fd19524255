package io.millrace.jobs.cli.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** The memory of this process. */
final class ProcessMemory {
  private static final String PEAK = "VmHWM:"; // kB that were resident at most

  private ProcessMemory() {}

  /** The most that was resident, bytes; where the system does not say, the heap's use now. */
  static long peakBytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith(PEAK)) {
          return 1024 * Long.parseLong(line.substring(PEAK.length()).replace("kB", "").strip());
        }
      }
    } catch (IOException | NumberFormatException e) {
      // no Linux, or one that says it otherwise
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
