package io.millrace.jobs.embedded;

import io.millrace.jobs.metrics.PrometheusReporterFactory;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobgraph.SavepointRestoreSettings;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Flink cluster in this JVM, with the real dashboard and metrics on the loopback interface.
 *
 * <pre>
 * StreamExecutionEnvironment env = flink.environment("inference");
 * ... define the job ...
 * JobHandle job = flink.resume(env);
 * </pre>
 *
 * <p>{@link #close} ends every thread of the cluster. A start that fails half way cannot: Flink
 * leaves threads behind that keep the JVM alive, so that a command line must halt at its end.
 */
public final class EmbeddedFlink implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedFlink.class);

  private static final Duration ANSWER_MAX = Duration.ofSeconds(30);
  private static final Duration SHUTDOWN_MAX = Duration.ofSeconds(30);

  /** Job names are folder names, labels of metrics and parts of transactional ids. */
  private static final Pattern JOB_NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,63}");

  private final EmbeddedFlinkConfig config;
  private final Configuration configuration;
  private final MiniCluster cluster;
  private final URI dashboard;

  private EmbeddedFlink(
      EmbeddedFlinkConfig config, Configuration configuration, MiniCluster cluster, URI dashboard) {
    this.config = config;
    this.configuration = configuration;
    this.cluster = cluster;
    this.dashboard = dashboard;
  }

  /**
   * Starts the cluster and returns when it takes jobs.
   *
   * @throws StartupException when a port is taken or this machine's own name does not resolve
   */
  public static EmbeddedFlink start(EmbeddedFlinkConfig wanted) {
    if (wanted.dashboardPort() != 0) {
      Ports.choose(wanted.dashboardPort(), EmbeddedFlinkConfig.DASHBOARD_PORT_OPTION);
    }
    int metricsPort = Ports.choose(wanted.metricsPort(), EmbeddedFlinkConfig.METRICS_PORT_OPTION);
    EmbeddedFlinkConfig config = wanted.withPorts(wanted.dashboardPort(), metricsPort);
    Configuration configuration = config.toConfiguration();
    MiniCluster cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(config.taskManagers())
                .setNumSlotsPerTaskManager(config.slotsPerTaskManager())
                .build());
    long begin = System.nanoTime();
    try {
      cluster.start();
      URI dashboard = await("start the dashboard", cluster.getRestAddress());
      LOG.info(
          "Cluster ready at {} after {} ms",
          dashboard,
          TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin));
      return new EmbeddedFlink(config, configuration, cluster, dashboard);
    } catch (Exception e) {
      throw explained(e);
    }
  }

  /**
   * An environment to define a job in, configured as the cluster is. The job's checkpoints go to a
   * folder of its own name. Submitting empties the environment: a job is defined anew each time.
   *
   * @param jobName lower-case letters, digits and hyphens, at most 64; one running job each
   */
  public StreamExecutionEnvironment environment(String jobName) {
    if (!JOB_NAME.matcher(jobName).matches()) {
      throw new IllegalArgumentException(
          "job name '" + jobName + "' must match " + JOB_NAME.pattern());
    }
    Configuration job = new Configuration(configuration);
    job.set(PipelineOptions.NAME, jobName);
    job.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, checkpointsOf(jobName).toUri().toString());
    return new StreamExecutionEnvironment(job);
  }

  /** Submits the job defined in {@code env}, which begins with empty state. */
  public JobHandle submit(StreamExecutionEnvironment env) {
    return submit(env, SavepointRestoreSettings.none());
  }

  /**
   * Submits the job defined in {@code env}, which goes on from the newest checkpoint of its name,
   * and begins with empty state when there is none. The job owns that checkpoint from then on and
   * deletes it when it has newer ones.
   */
  public JobHandle resume(StreamExecutionEnvironment env) {
    return submit(
        env,
        newestCheckpoint(nameOf(env))
            .map(path -> restore(path, RecoveryClaimMode.CLAIM))
            .orElse(SavepointRestoreSettings.none()));
  }

  /** Submits the job defined in {@code env}, which goes on from a savepoint and leaves it whole. */
  public JobHandle resumeFrom(StreamExecutionEnvironment env, String savepoint) {
    return submit(
        env, SavepointRestoreSettings.forPath(savepoint, false, RecoveryClaimMode.NO_CLAIM));
  }

  /** The newest complete checkpoint of the job of this name. */
  public Optional<Path> newestCheckpoint(String jobName) {
    return Checkpoints.newestIn(checkpointsOf(jobName));
  }

  /**
   * Ends a TaskManager as a crash would: its tasks fail and its slots are gone.
   *
   * @param index counts TaskManagers in the order of their start, ended ones too
   */
  public void terminateTaskManager(int index) {
    CompletableFuture<Void> end = cluster.terminateTaskManager(index);
    if (end != null) {
      await("terminate TaskManager " + index, end);
    }
  }

  /** Adds a TaskManager. */
  public void startTaskManager() {
    try {
      cluster.startTaskManager();
    } catch (Exception e) {
      throw new IllegalStateException("cannot start a TaskManager", e);
    }
  }

  /** The dashboard's address, for a browser on this machine. */
  public String dashboardUrl() {
    return dashboard.toString();
  }

  /** Where Prometheus reads the catalogue of {@code llm_*} metrics. */
  public String metricsUrl() {
    return "http://"
        + EmbeddedFlinkConfig.HOST
        + ":"
        + metricsPort()
        + PrometheusReporterFactory.PATH;
  }

  /** Where it reads Flink's own. */
  public String flinkMetricsUrl() {
    return "http://"
        + EmbeddedFlinkConfig.HOST
        + ":"
        + metricsPort()
        + PrometheusReporterFactory.FLINK_PATH;
  }

  /** The port on the loopback interface that serves metrics to Prometheus. */
  public int metricsPort() {
    return config.metricsPort();
  }

  /**
   * Ends all jobs, keeping their checkpoints, and the cluster. Returns within 30 seconds, even when
   * a task does not end.
   */
  @Override
  public void close() {
    try {
      cluster.closeAsync().get(SHUTDOWN_MAX.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("The cluster did not stop cleanly", e);
    }
  }

  private JobHandle submit(StreamExecutionEnvironment env, SavepointRestoreSettings restore) {
    String name = nameOf(env);
    // MiniCluster does not take a StreamGraph yet (Flink 2.3).
    JobGraph graph = env.getStreamGraph().getJobGraph();
    graph.setSavepointRestoreSettings(restore);
    if (restore.restoreSavepoint()) {
      LOG.info("Job {} goes on from {}", name, restore.getRestorePath());
    }
    await("submit job " + name, cluster.submitJob(graph));
    return new JobHandle(cluster, graph.getJobID(), name);
  }

  private static String nameOf(StreamExecutionEnvironment env) {
    return env.getConfiguration()
        .getOptional(PipelineOptions.NAME)
        .orElseThrow(() -> new IllegalArgumentException("env is not of environment(jobName)"));
  }

  private Path checkpointsOf(String jobName) {
    return config.checkpoints().resolve(jobName);
  }

  private static SavepointRestoreSettings restore(Path path, RecoveryClaimMode mode) {
    return SavepointRestoreSettings.forPath(path.toUri().toString(), false, mode);
  }

  private static StartupException explained(Exception e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof java.net.BindException) {
        return new StartupException(
            "a port of the embedded Flink cluster is in use; choose others with "
                + EmbeddedFlinkConfig.DASHBOARD_PORT_OPTION
                + " and "
                + EmbeddedFlinkConfig.METRICS_PORT_OPTION,
            e);
      }
      if (t instanceof UnknownHostException) {
        return new StartupException(
            "this machine's own name does not resolve; add it to /etc/hosts: " + t.getMessage(), e);
      }
    }
    return new StartupException("the embedded Flink cluster did not start: " + e.getMessage(), e);
  }

  private static <T> T await(String what, CompletableFuture<T> future) {
    return JobHandle.await(what, future, ANSWER_MAX);
  }
}
