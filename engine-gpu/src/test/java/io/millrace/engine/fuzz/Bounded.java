package io.millrace.engine.fuzz;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/** Runs something that may refuse its input, but must do so soon, in little memory and one line. */
final class Bounded {
  private static final long NANOS_MAX = Duration.ofSeconds(5).toNanos();
  private static final long ALLOCATION_BYTES_MAX = 128 << 20;
  private static final int MESSAGE_CHARS_MAX = 4_000;

  private Bounded() {}

  @FunctionalInterface
  interface Reading {
    void run() throws IOException;
  }

  static void read(Reading reading) {
    String problem = excess(reading);
    if (problem != null) {
      // The first time, classes are loaded, and instrumented by the fuzzer on this thread.
      problem = excess(reading);
    }
    require(problem == null, problem);
  }

  /** What one run took too much of; null if nothing. */
  private static String excess(Reading reading) {
    long bytes = allocated();
    long cpu = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    try {
      reading.run();
    } catch (IOException e) {
      requireOneLine(e.getMessage());
    }
    long nanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - cpu;
    long allocated = allocated() - bytes;
    if (nanos > NANOS_MAX) {
      return "took " + nanos / 1_000_000 + " ms";
    }
    return allocated > ALLOCATION_BYTES_MAX ? "allocated " + allocated + " bytes" : null;
  }

  static void requireOneLine(String message) {
    require(
        message != null
            && !message.isBlank()
            && message.length() < MESSAGE_CHARS_MAX
            && message.indexOf('\n') < 0
            && message.indexOf('\r') < 0,
        "the message is not one line: " + message);
  }

  private static void require(boolean ok, String problem) {
    if (!ok) {
      throw new AssertionError(problem);
    }
  }

  private static long allocated() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getThreadAllocatedBytes(Thread.currentThread().getId());
  }
}
