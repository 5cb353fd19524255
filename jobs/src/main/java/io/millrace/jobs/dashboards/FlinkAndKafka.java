package io.millrace.jobs.dashboards;

import static io.millrace.jobs.dashboards.Expr.rate;
import static io.millrace.jobs.dashboards.Expr.value;

import io.millrace.jobs.metrics.LlmMetric;
import java.util.List;

/** Whether the machinery is well. */
final class FlinkAndKafka {
  /** A reporter may write the hyphen as an underscore. */
  private static final String INFERENCE = "millrace.inference";

  private static final double MILLIS = 1000;

  static final Dashboard DASHBOARD =
      new Dashboard(
          "flink-and-kafka",
          "Flink and Kafka",
          "Whether the machinery is well.",
          List.of(
              Panel.figure(
                  "Jobs running",
                  Unit.COUNT,
                  value(Selector.flink("jobmanager_numRunningJobs")).sum(),
                  "Inference, anomalies, ledger."),
              Panel.figure(
                  "Prompts waiting in Kafka",
                  Unit.COUNT,
                  value(
                          Selector.flink("taskmanager_job_task_operator_pendingRecords")
                              .whereMatches("job_name", INFERENCE))
                      .sum(),
                  "Records of its topics that the inference job has not read yet."),
              Panel.figure(
                      "Restarts",
                      Unit.COUNT,
                      value(Selector.flink("jobmanager_job_numRestarts")).sum(),
                      "Of all jobs, since they were submitted.")
                  .worthALookAbove(0),
              Panel.lines(
                      "Busy",
                      Unit.SHARE,
                      "Of its time, the busiest subtask of a vertex. The engine's own thread is"
                          + " not in it.")
                  .with(
                      value(Selector.flink("taskmanager_job_task_busyTimeMsPerSecond"))
                          .max("task_name")
                          .times(1 / MILLIS),
                      "{{task_name}}"),
              Panel.lines(
                      "Back-pressured",
                      Unit.SHARE,
                      "Of its time, waiting for the next vertex. In front of generate that is"
                          + " normal under load: prompts wait in Kafka.")
                  .with(
                      value(Selector.flink("taskmanager_job_task_backPressuredTimeMsPerSecond"))
                          .max("task_name")
                          .times(1 / MILLIS),
                      "{{task_name}}"),
              Panel.lines("Lag", Unit.COUNT, "Records of its topics that a job has not read yet.")
                  .with(
                      value(Selector.flink("taskmanager_job_task_operator_pendingRecords"))
                          .sum("job_name"),
                      "{{job_name}}"),
              Panel.lines(
                      "Records written per second", Unit.PER_SECOND, "By vertex, all its subtasks.")
                  .with(
                      rate(Selector.flink("taskmanager_job_task_numRecordsOut")).sum("task_name"),
                      "{{task_name}}"),
              Panel.lines(
                      "Last checkpoint's duration",
                      Unit.MILLISECONDS,
                      "Answers become visible with checkpoints: this is part of everyone's"
                          + " latency.")
                  .with(
                      value(Selector.flink("jobmanager_job_lastCheckpointDuration"))
                          .max("job_name"),
                      "{{job_name}}"),
              Panel.lines("Last checkpoint's size", Unit.BYTES, "What a restart reads back.")
                  .with(
                      value(Selector.flink("jobmanager_job_lastCheckpointFullSize"))
                          .max("job_name"),
                      "{{job_name}}"),
              Panel.lines(
                      "Checkpoints per second", Unit.PER_SECOND, "Completed and failed, all jobs.")
                  .with(
                      rate(Selector.flink("jobmanager_job_numberOfCompletedCheckpoints")).sum(),
                      "completed")
                  .with(
                      rate(Selector.flink("jobmanager_job_numberOfFailedCheckpoints")).sum(),
                      "failed"),
              Panel.lines("Restarts", Unit.COUNT, "Since a job was submitted.")
                  .with(
                      value(Selector.flink("jobmanager_job_numRestarts")).max("job_name"),
                      "{{job_name}}"),
              Panel.lines("Memory of the JVM", Unit.BYTES, "Heap in use of the TaskManagers.")
                  .with(
                      value(Selector.flink("taskmanager_Status_JVM_Memory_Heap_Used")).sum(),
                      "heap"),
              Panel.lines(
                      "Records read per second", Unit.PER_SECOND, "By vertex, all its subtasks.")
                  .with(
                      rate(Selector.flink("taskmanager_job_task_numRecordsIn")).sum("task_name"),
                      "{{task_name}}"),
              Panel.lines(
                      "Ledger, rows per second",
                      Unit.PER_SECOND,
                      "Rows of the costs topic that were written to files.")
                  .with(rate(Selector.of(LlmMetric.LEDGER_ROWS)).sum(), "rows"),
              Panel.lines(
                      "Ledger, behind",
                      Unit.SECONDS,
                      "Since files were last moved to their days. Grows without end when the ledger"
                          + " job is not well.")
                  .with(
                      Expr.now().minus(value(Selector.of(LlmMetric.LEDGER_LAST_COMMIT)).max()),
                      "since the last commit")));

  private FlinkAndKafka() {}
}
