package io.millrace.jobs.cli.progress;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Shows progress: on a terminal one line that is drawn again and again, anywhere else a plain line
 * now and then.
 */
public final class ProgressPrinter {
  private static final long REDRAW_NANOS = Duration.ofMillis(250).toNanos();
  private static final long PLAIN_LINE_NANOS = Duration.ofSeconds(5).toNanos();
  private static final String CLEAR_LINE = "\r\u001b[K";

  private final PrintWriter err;
  private final boolean terminal;
  private final int columns;
  private final LongSupplier nanoTime;
  private long lastNanos;
  private boolean drawn;

  /**
   * @param terminal whether {@code err} is one
   * @param columns its width; longer lines are cut
   * @param nanoTime as {@link System#nanoTime}
   */
  public ProgressPrinter(PrintWriter err, boolean terminal, int columns, LongSupplier nanoTime) {
    this.err = err;
    this.terminal = terminal;
    this.columns = columns;
    this.nanoTime = nanoTime;
    this.lastNanos = nanoTime.getAsLong();
  }

  /** For this process's standard error, as the launcher found it. */
  public static ProgressPrinter forConsole(PrintWriter err) {
    return new ProgressPrinter(
        err,
        Boolean.getBoolean("millrace.terminal"),
        Integer.getInteger("millrace.columns", 80),
        System::nanoTime);
  }

  /** Shows this when it is time to; cheap enough to be called at will. */
  public void update(Supplier<String> line) {
    long now = nanoTime.getAsLong();
    if (now - lastNanos < (terminal ? REDRAW_NANOS : PLAIN_LINE_NANOS)) {
      return;
    }
    lastNanos = now;
    show(line.get());
  }

  /** Shows this as the last state, and ends the line. */
  public void finish(String line) {
    show(line);
    leave();
  }

  /** Prints a line that stays. */
  public void message(String line) {
    if (drawn) {
      err.print(CLEAR_LINE);
      drawn = false;
    }
    err.println(line);
    err.flush();
  }

  private void show(String line) {
    if (terminal) {
      // A full last column would wrap on some terminals.
      int width = Math.max(1, columns - 1);
      err.print(CLEAR_LINE + (line.length() > width ? line.substring(0, width) : line));
      drawn = true;
    } else {
      err.println(line);
    }
    err.flush();
  }

  private void leave() {
    if (drawn) {
      err.println();
      err.flush();
      drawn = false;
    }
  }
}
