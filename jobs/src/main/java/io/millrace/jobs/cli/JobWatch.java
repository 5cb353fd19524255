package io.millrace.jobs.cli;

import io.millrace.jobs.embedded.JobHandle;
import java.time.Duration;
import java.util.function.Consumer;

/** Looks now and then whether a job still runs. */
public final class JobWatch {
  private static final long EVERY_NANOS = Duration.ofSeconds(2).toNanos();

  private final JobHandle job;
  private final Consumer<String> teller;
  private long lastNanos = System.nanoTime();
  private long restarts;

  /**
   * @param teller gets one line when the job restarted
   */
  public JobWatch(JobHandle job, Consumer<String> teller) {
    this.job = job;
    this.teller = teller;
  }

  /**
   * Cheap enough to be called at will.
   *
   * @throws IllegalStateException when the job has ended
   */
  public void check() {
    long now = System.nanoTime();
    if (now - lastNanos < EVERY_NANOS) {
      return;
    }
    lastNanos = now;
    if (job.status().isGloballyTerminalState()) {
      throw new IllegalStateException("the job ended: " + job.status(), job.failure().orElse(null));
    }
    long restartsNow = job.restarts();
    if (restartsNow > restarts) {
      teller.accept(
          "the job restarted from its last checkpoint" + job.failure().map(this::why).orElse(""));
    }
    restarts = restartsNow;
  }

  private String why(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return ": " + root;
  }
}
