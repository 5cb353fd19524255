package io.millrace.jobs.embedded;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.CheckpointStatsSnapshot;
import org.apache.flink.runtime.checkpoint.CheckpointStatsStatus;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.ErrorInfo;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.util.OptionalFailure;
import org.apache.flink.util.SerializedValue;

/**
 * A job on an embedded cluster. What waits takes a limit and throws {@link IllegalStateException}
 * when it is reached. Safe for any thread.
 */
public final class JobHandle {

  private static final Duration ANSWER_MAX = Duration.ofSeconds(30);
  private static final long POLL_MILLIS = 20;

  private final MiniCluster cluster;
  private final JobID id;
  private final String name;

  JobHandle(MiniCluster cluster, JobID id, String name) {
    this.cluster = cluster;
    this.id = id;
    this.name = name;
  }

  public JobID id() {
    return id;
  }

  public String name() {
    return name;
  }

  public JobStatus status() {
    return await("ask for the status of " + name, cluster.getJobStatus(id), ANSWER_MAX);
  }

  /** True when every subtask of every vertex runs: they no longer start, restore or restart. */
  public boolean isRunning() {
    AccessExecutionGraph graph = graph();
    if (graph.getState() != JobStatus.RUNNING) {
      return false;
    }
    for (var vertex : graph.getAllExecutionVertices()) {
      ExecutionState state = vertex.getExecutionState();
      if (state != ExecutionState.RUNNING && state != ExecutionState.FINISHED) {
        return false;
      }
    }
    return true;
  }

  /**
   * Waits until {@link #isRunning}.
   *
   * @throws IllegalStateException at once when the job has ended, with its failure as the cause
   */
  public void awaitRunning(Duration max) {
    poll("to run", max, this::isRunning);
  }

  /** Checkpoints completed since this job was submitted, over its restarts. */
  public long completedCheckpoints() {
    CheckpointStatsSnapshot stats = graph().getCheckpointStatsSnapshot();
    return stats == null ? 0 : stats.getCounts().getNumberOfCompletedCheckpoints();
  }

  /** Waits until {@code count} more checkpoints are complete. */
  public void awaitCheckpoints(int count, Duration max) {
    long wanted = completedCheckpoints() + count;
    poll("to complete " + count + " checkpoints", max, () -> completedCheckpoints() >= wanted);
  }

  /**
   * A checkpoint or savepoint that is complete.
   *
   * @param triggeredMs when it began, milliseconds since 1970 UTC
   * @param durationMs until the last task had confirmed it
   * @param stateBytes of the whole state, what it shares with earlier ones included
   */
  public record Completed(
      long number, boolean savepoint, long triggeredMs, long durationMs, long stateBytes) {}

  /** The latest complete ones, ten checkpoints at most. */
  public List<Completed> latestCheckpoints() {
    CheckpointStatsSnapshot stats = graph().getCheckpointStatsSnapshot();
    if (stats == null) {
      return List.of();
    }
    return stats.getHistory().getCheckpoints().stream()
        .filter(checkpoint -> checkpoint.getStatus() == CheckpointStatsStatus.COMPLETED)
        .map(
            checkpoint ->
                new Completed(
                    checkpoint.getCheckpointId(),
                    checkpoint.getProperties().isSavepoint(),
                    checkpoint.getTriggerTimestamp(),
                    checkpoint.getEndToEndDuration(),
                    checkpoint.getStateSize()))
        .toList();
  }

  /** Checkpoints that failed or were given up since this job was submitted. */
  public long failedCheckpoints() {
    CheckpointStatsSnapshot stats = graph().getCheckpointStatsSnapshot();
    return stats == null ? 0 : stats.getCounts().getNumberOfFailedCheckpoints();
  }

  /**
   * Takes a savepoint while the job goes on.
   *
   * @return its path
   */
  public String savepoint(Path directory, Duration max) {
    return await(
        "take a savepoint of " + name,
        cluster.triggerSavepoint(
            id,
            directory.toAbsolutePath().toUri().toString(),
            false,
            SavepointFormatType.CANONICAL),
        max);
  }

  /** How often the job was restarted after a failure. */
  public long restarts() {
    // Each execution of a vertex counts its attempts from 0; a restart adds one.
    long restarts = 0;
    for (var vertex : graph().getAllExecutionVertices()) {
      restarts = Math.max(restarts, vertex.getCurrentExecutionAttempt().getAttemptNumber());
    }
    return restarts;
  }

  /**
   * When a task began, epoch milliseconds: not before it was deployed, and not after the job
   * manager had heard that it sets itself up, which on a busy machine takes a while.
   */
  public record Began(long deployedMs, long heardMs) {}

  /**
   * When the first attempt at each subtask of a vertex began, as the dashboard and Flink's REST
   * interface have it. Of a job that restarts often only the latest attempts are known, and nothing
   * is told.
   *
   * @param vertex how its name starts
   */
  public List<Began> began(String vertex) {
    List<Began> began = new ArrayList<>();
    for (var subtask : graph().getAllExecutionVertices()) {
      if (!subtask.getTaskNameWithSubtaskIndex().startsWith(vertex)) {
        continue;
      }
      Stream.concat(
              Stream.of(subtask.getCurrentExecutionAttempt()),
              subtask.getExecutionHistory().getHistoricalExecutions().stream())
          .filter(attempt -> attempt.getAttemptNumber() == 0)
          .map(
              attempt ->
                  new Began(
                      attempt.getStateTimestamp(ExecutionState.DEPLOYING),
                      attempt.getStateTimestamp(ExecutionState.INITIALIZING)))
          .filter(times -> times.deployedMs() > 0 && times.heardMs() > 0)
          .forEach(began::add);
    }
    return began;
  }

  /** Why the job failed last; nothing when it never did. */
  public Optional<Throwable> failure() {
    ErrorInfo info = graph().getFailureInfo();
    return info == null
        ? Optional.empty()
        : Optional.of(info.getException().deserializeError(getClass().getClassLoader()));
  }

  /** Cancels the job and waits for its end. Its newest checkpoints stay. */
  public void cancel(Duration max) {
    await("cancel " + name, cluster.cancelJob(id), max);
    result(max);
  }

  /**
   * Takes a savepoint and ends the job with it: what is in flight stays in the savepoint, and every
   * transaction up to it is committed.
   *
   * @return the savepoint's path
   */
  public String suspend(Path directory, Duration max) {
    return stop(directory, false, max);
  }

  /**
   * Stops the sources, takes a savepoint of all that was read, and ends the job: nothing is in
   * flight afterwards and every transaction is committed.
   *
   * @return the savepoint's path
   * @throws IllegalStateException when it takes longer than {@code max}; the job may then still be
   *     about to stop
   */
  public String stopWithSavepoint(Path directory, Duration max) {
    return stop(directory, true, max);
  }

  private String stop(Path directory, boolean drain, Duration max) {
    String savepoint =
        await(
            "stop " + name + " with a savepoint",
            cluster.stopWithSavepoint(
                id,
                directory.toAbsolutePath().toUri().toString(),
                drain,
                SavepointFormatType.CANONICAL),
            max);
    result(max);
    return savepoint;
  }

  /**
   * Waits for the job's end.
   *
   * @return the accumulators
   * @throws IllegalStateException when the job failed, with its failure as the cause, or was
   *     cancelled
   */
  public Map<String, Object> waitFor(Duration max) {
    JobResult result = result(max);
    if (!result.isSuccess()) {
      throw new IllegalStateException(
          "job " + name + " ended: " + result.getJobStatus().map(Enum::name).orElse("UNKNOWN"),
          result.getSerializedThrowable().orElse(null));
    }
    try {
      Map<String, Object> values = new java.util.TreeMap<>();
      for (Map.Entry<String, SerializedValue<OptionalFailure<Object>>> entry :
          result.getAccumulatorResults().entrySet()) {
        values.put(
            entry.getKey(),
            entry.getValue().deserializeValue(getClass().getClassLoader()).getUnchecked());
      }
      return values;
    } catch (java.io.IOException | ClassNotFoundException e) {
      throw new IllegalStateException("cannot read the accumulators of " + name, e);
    }
  }

  private JobResult result(Duration max) {
    return await("see the end of " + name, cluster.requestJobResult(id), max);
  }

  private AccessExecutionGraph graph() {
    return await("look into " + name, cluster.getExecutionGraph(id), ANSWER_MAX);
  }

  private void poll(String what, Duration max, BooleanSupplier condition) {
    long begin = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (status().isGloballyTerminalState()) {
        throw new IllegalStateException(
            "job " + name + " ended: " + status(), failure().orElse(null));
      }
      if (System.nanoTime() - begin > max.toNanos()) {
        throw new IllegalStateException(
            "waited " + max.toSeconds() + " s for job " + name + " " + what);
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for job " + name, e);
      }
    }
  }

  static <T> T await(String what, CompletableFuture<T> future, Duration max) {
    try {
      return future.get(max.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot " + what, e.getCause());
    } catch (TimeoutException e) {
      throw new IllegalStateException("cannot " + what + " within " + max.toSeconds() + " s", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("cannot " + what + ": interrupted", e);
    }
  }
}
