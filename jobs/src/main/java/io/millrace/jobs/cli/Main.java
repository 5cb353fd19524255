package io.millrace.jobs.cli;

import io.millrace.jobs.Models;

/** Entry point of {@code ./millrace}. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    StandardError.take();
    int exitCode = Commands.commandLine(Models.configured()).execute(args);
    Interrupts.awaitEndIfEnding();
    System.out.flush();
    System.err.flush();
    // What Flink leaves behind after a failed start would keep the process alive.
    Runtime.getRuntime().halt(exitCode);
  }
}
