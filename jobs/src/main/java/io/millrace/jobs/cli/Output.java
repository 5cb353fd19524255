package io.millrace.jobs.cli;

import java.io.PrintStream;

/** Results as bytes on standard output, whole lines at a time. */
final class Output {
  private final PrintStream out;

  Output(PrintStream out) {
    this.out = out;
  }

  /** One line; flushed, so that a reader at a pipe's other end sees it now. */
  synchronized void line(byte[] utf8) {
    out.write(utf8, 0, utf8.length);
    out.write('\n');
    out.flush();
  }
}
