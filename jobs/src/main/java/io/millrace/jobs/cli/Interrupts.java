package io.millrace.jobs.cli;

import java.util.concurrent.CountDownLatch;

/**
 * What Ctrl-C and SIGTERM do while a command runs: an orderly end, with an exit code of the
 * command's choice.
 *
 * <p>The JVM runs this in a thread of its own beside the command's; a command that fails because
 * things close under it then waits for the end rather than reporting that.
 */
final class Interrupts implements AutoCloseable {
  private static volatile boolean ending;

  private final Thread hook;

  private Interrupts(Thread hook) {
    this.hook = hook;
  }

  /**
   * Until this is closed, an interrupt runs {@code end}, which must be bounded in time, and exits.
   */
  static Interrupts handledBy(int exitCode, Runnable end) {
    Thread hook =
        new Thread(
            () -> {
              ending = true;
              try {
                end.run();
              } finally {
                System.err.flush();
                System.out.flush();
                Runtime.getRuntime().halt(exitCode);
              }
            },
            "millrace-interrupt");
    Runtime.getRuntime().addShutdownHook(hook);
    return new Interrupts(hook);
  }

  /** Never returns once an interrupt ends this process. */
  static void awaitEndIfEnding() {
    if (ending) {
      awaitEnd();
    }
  }

  private static void awaitEnd() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      awaitEnd(); // the JVM is ending
    }
  }
}
