package io.millrace.jobs.cli.bench;

import io.millrace.jobs.AnomalyJob;
import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.embedded.DataDirectory;
import io.millrace.jobs.embedded.EmbeddedFlink;
import io.millrace.jobs.embedded.EmbeddedFlinkConfig;
import io.millrace.jobs.embedded.EmbeddedKafka;
import io.millrace.jobs.embedded.JobHandle;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.kafka.Topics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * How many rows of costs the anomaly job takes in: from a filled topic of an embedded broker to its
 * watches, checkpoints every second and all, in this JVM.
 *
 * @param load what the topic is filled with
 * @param parallelism subtasks of each vertex; the topic has twice as many partitions
 */
record AnomalyJobBench(CostRowsLoad load, int parallelism) {
  private static final String JOB = "millrace-anomaly";
  private static final String WATCHES = "watches";
  private static final Duration RUNNING_MAX = Duration.ofMinutes(2);
  private static final Duration CHECKPOINT_MAX = Duration.ofMinutes(5);
  private static final Duration STALL_MAX = Duration.ofMinutes(2);
  private static final long POLL_MILLIS = 200;

  /**
   * @param valueBytes of all rows together
   * @param seconds from the job's submission until the watches had taken in every row
   * @param cpuSeconds of this whole process in that time, broker and compiler included
   * @param stateBytes of a checkpoint after the last row
   */
  record Figures(
      long rows,
      int keys,
      int parallelism,
      long valueBytes,
      double seconds,
      double cpuSeconds,
      long lateRows,
      long stateBytes) {
    double rowsPerSecond() {
      return rows / seconds;
    }

    double stateBytesPerKey() {
      return (double) stateBytes / keys;
    }
  }

  Figures run(Path directory, Consumer<String> teller)
      throws IOException, InterruptedException, ExecutionException {
    try (DataDirectory data = DataDirectory.open(directory);
        EmbeddedKafka kafka = EmbeddedKafka.start(data.kafka(), 0);
        EmbeddedFlink flink =
            EmbeddedFlink.start(EmbeddedFlinkConfig.in(data).withTaskManagers(1, parallelism))) {
      Topics topics = new Topics("bench.");
      kafka.topics().create(Map.of(topics.costs(), 2 * parallelism, topics.anomalies(), 1));
      teller.accept("filling " + topics.costs() + " with " + load.rows() + " rows ...");
      long bytes = load.fill(kafka.bootstrapServers(), topics.costs());
      teller.accept("running the anomaly job ...");
      return measure(flink, kafka.bootstrapServers(), topics, bytes);
    }
  }

  private Figures measure(EmbeddedFlink flink, String brokers, Topics topics, long bytes)
      throws IOException, InterruptedException {
    OperatorMetrics metrics = new OperatorMetrics(flink.flinkMetricsUrl());
    long begin = System.nanoTime();
    long cpu = ProcessTime.cpuNanos();
    JobHandle job = submit(flink, brokers, topics);
    awaitRows(job, metrics);
    double seconds = (System.nanoTime() - begin) / 1e9;
    double cpuSeconds = (ProcessTime.cpuNanos() - cpu) / 1e9;
    // One may have begun before the last row.
    job.awaitCheckpoints(2, CHECKPOINT_MAX);
    List<JobHandle.Completed> checkpoints = job.latestCheckpoints();
    return new Figures(
        load.rows(),
        load.tenants(),
        parallelism,
        bytes,
        seconds,
        cpuSeconds,
        metrics.read().sum(WATCHES, "lateRows"),
        checkpoints.get(0).stateBytes());
  }

  private JobHandle submit(EmbeddedFlink flink, String brokers, Topics topics) {
    Configuration options =
        new Configuration()
            .set(MillraceOptions.KAFKA_BOOTSTRAP, brokers)
            .set(MillraceOptions.TOPIC_PREFIX, topics.prefix());
    StreamExecutionEnvironment env = flink.environment(JOB);
    env.setParallelism(parallelism);
    KafkaEndpoints kafka = new KafkaEndpoints(options);
    AnomalyJob.define(env, kafka.costs(), kafka.anomalies(), options);
    return flink.submit(env);
  }

  private void awaitRows(JobHandle job, OperatorMetrics metrics)
      throws IOException, InterruptedException {
    job.awaitRunning(RUNNING_MAX);
    long taken = 0;
    long progress = System.nanoTime();
    while (taken < load.rows()) {
      Thread.sleep(POLL_MILLIS);
      long now = metrics.read().sum(WATCHES, "numRecordsIn");
      if (now > taken) {
        taken = now;
        progress = System.nanoTime();
      } else if (System.nanoTime() - progress > STALL_MAX.toNanos()) {
        throw new IOException(
            "the job took in " + taken + " rows and then none for " + STALL_MAX.toSeconds() + " s");
      }
    }
  }
}
