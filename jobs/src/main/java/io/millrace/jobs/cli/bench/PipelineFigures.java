package io.millrace.jobs.cli.bench;

import io.millrace.jobs.embedded.JobHandle;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/**
 * What {@code bench pipeline} found.
 *
 * @param alone the modest tenant with the pipeline to itself
 * @param flooded the modest tenant beside one that sends many times as much
 * @param saturated the modest tenant while the backlog is full and the other's answers are long
 * @param checkpoints by what was going on when they began
 * @param savepoints while the backlog was full
 * @param failedCheckpoints once all tasks ran
 * @param backlogMax most prompts that the generate vertex held at once
 * @param answersPerSecond while it was flooded, all tenants
 * @param tokensPerSecond of output, then
 */
record PipelineFigures(
    Tenant alone,
    Tenant flooded,
    Tenant saturated,
    List<Checkpoints> checkpoints,
    Checkpoints savepoints,
    long failedCheckpoints,
    long backlogMax,
    double answersPerSecond,
    double tokensPerSecond) {

  /** How long a tenant's prompts took; of those that were answered when the measurement ended. */
  record Tenant(int prompts, int answered, Times fromAdmission, Times endToEnd) {
    static Tenant of(int prompts, List<SettledPrompts.Settled> settled) {
      return new Tenant(
          prompts,
          settled.size(),
          Times.of(settled.stream().mapToLong(SettledPrompts.Settled::fromAdmissionMs).toArray()),
          Times.of(settled.stream().mapToLong(SettledPrompts.Settled::endToEndMs).toArray()));
    }
  }

  /** Durations, milliseconds; 0 of none. Percentiles are by nearest rank. */
  record Times(long medianMs, long p95Ms, long maxMs) {
    static Times of(long... durationsMs) {
      long[] sorted = durationsMs.clone();
      Arrays.sort(sorted);
      return new Times(rank(sorted, 0.5), rank(sorted, 0.95), rank(sorted, 1));
    }

    private static long rank(long[] sorted, double share) {
      return sorted.length == 0 ? 0 : sorted[(int) Math.ceil(share * sorted.length) - 1];
    }
  }

  /**
   * Checkpoints that began in a phase.
   *
   * @param stateBytesMax of the largest
   */
  record Checkpoints(String phase, int count, Times times, long stateBytesMax) {
    static Checkpoints of(String phase, Collection<JobHandle.Completed> of) {
      return new Checkpoints(
          phase,
          of.size(),
          Times.of(of.stream().mapToLong(JobHandle.Completed::durationMs).toArray()),
          of.stream().mapToLong(JobHandle.Completed::stateBytes).max().orElse(0));
    }
  }

  /** How many times as long the modest tenant's p95 from admission is beside the flood. */
  double p95Ratio() {
    return (double) flooded.fromAdmission().p95Ms() / alone.fromAdmission().p95Ms();
  }
}
