package io.millrace.jobs.embedded;

import java.time.Duration;
import java.util.concurrent.TimeoutException;

/** Waits for something that may hang, but not for ever. */
final class Background {

  /** What is to be done; may throw anything. */
  interface Action {
    void run() throws Exception;
  }

  private Background() {}

  /**
   * Runs {@code action} on a daemon thread and waits for its end.
   *
   * @throws TimeoutException when it takes longer than {@code max}, or this thread is interrupted,
   *     which stays interrupted; the action is then left running
   * @throws IllegalStateException when the action failed
   */
  static void run(String threadName, Duration max, Action action) throws TimeoutException {
    Throwable[] failure = new Throwable[1];
    Thread thread =
        new Thread(
            () -> {
              try {
                action.run();
              } catch (Exception e) {
                failure[0] = e;
              }
            },
            threadName);
    thread.setDaemon(true);
    thread.start();
    try {
      thread.join(max.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TimeoutException(threadName + " was interrupted");
    }
    if (thread.isAlive()) {
      throw new TimeoutException(threadName + " took longer than " + max);
    }
    if (failure[0] != null) {
      throw new IllegalStateException(threadName + " failed", failure[0]);
    }
  }
}
