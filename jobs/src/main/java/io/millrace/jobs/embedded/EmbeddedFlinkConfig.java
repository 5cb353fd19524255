package io.millrace.jobs.embedded;

import io.millrace.jobs.metrics.PrometheusReporterFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.apache.flink.configuration.Configuration;

/**
 * What differs from one embedded cluster to another, and the one place that turns it into Flink's
 * configuration. The same configuration is the cluster's and every job's.
 *
 * @param checkpoints where jobs keep their checkpoints, a folder each
 * @param tmp working files, worthless after the cluster's end
 * @param dashboardPort the port of the dashboard and its REST interface; 0 takes a free one
 * @param metricsPort the port that Prometheus scrapes; 0 takes a free one
 * @param taskManagers TaskManagers at the start, 1 to 16
 * @param slotsPerTaskManager 1 to 64
 */
public record EmbeddedFlinkConfig(
    Path checkpoints,
    Path tmp,
    int dashboardPort,
    int metricsPort,
    int taskManagers,
    int slotsPerTaskManager) {

  static final String DASHBOARD_PORT_OPTION = "--dashboard-port";
  static final String METRICS_PORT_OPTION = "--metrics-port";
  static final String HOST = "127.0.0.1";

  private static final int TASK_MANAGERS_MAX = 16;
  private static final int SLOTS_MAX = 64;

  /** RocksDB's share of one slot: enough for its write buffers and a small block cache. */
  private static final int MANAGED_MIB_PER_SLOT = 32;

  private static final int NETWORK_MIB_PER_TASK_MANAGER = 64;

  /**
   * @throws IllegalArgumentException naming the component that is out of range
   */
  public EmbeddedFlinkConfig {
    Objects.requireNonNull(checkpoints, "checkpoints");
    Objects.requireNonNull(tmp, "tmp");
    between("taskManagers", taskManagers, TASK_MANAGERS_MAX);
    between("slotsPerTaskManager", slotsPerTaskManager, SLOTS_MAX);
    checkpoints = checkpoints.toAbsolutePath().normalize();
    tmp = tmp.toAbsolutePath().normalize();
  }

  /** One TaskManager with four slots on free ports, its files in {@code data}. */
  public static EmbeddedFlinkConfig in(DataDirectory data) {
    return new EmbeddedFlinkConfig(data.checkpoints(), data.tmp(), 0, 0, 1, 4);
  }

  public EmbeddedFlinkConfig withPorts(int dashboard, int metrics) {
    return new EmbeddedFlinkConfig(
        checkpoints, tmp, dashboard, metrics, taskManagers, slotsPerTaskManager);
  }

  public EmbeddedFlinkConfig withTaskManagers(int count, int slotsEach) {
    return new EmbeddedFlinkConfig(checkpoints, tmp, dashboardPort, metricsPort, count, slotsEach);
  }

  Configuration toConfiguration() {
    Configuration c = new Configuration();
    listeners(c);
    memory(c);
    checkpoints(c);
    recovery(c);
    jobs(c);
    return c;
  }

  private void listeners(Configuration c) {
    set(c, "rest.address", HOST);
    set(c, "rest.bind-address", HOST);
    set(c, "rest.port", dashboardPort);
    set(c, "rest.bind-port", dashboardPort);
    set(c, "jobmanager.rpc.address", HOST);
    set(c, "jobmanager.bind-host", HOST);
    set(c, "taskmanager.host", HOST);
    set(c, "taskmanager.bind-host", HOST);
    set(c, "taskmanager.network.bind-policy", "ip");
    set(c, "jobmanager.retrieve-taskmanager-hostname", false);
    // MiniCluster looks for its blob server under the machine's own name, not where it listens.
    // Nothing is to be fetched: no job has jars, and no message is large enough to be offloaded.
    set(c, "blob.offload.minsize", Integer.MAX_VALUE);
    // Who reaches the dashboard may cancel a job, but not bring code of their own.
    set(c, "web.submit.enable", false);

    set(c, "metrics.reporters", "prom");
    set(c, "metrics.reporter.prom.factory.class", PrometheusReporterFactory.class.getName());
    set(c, "metrics.reporter.prom.port", metricsPort);
    set(c, "metrics.reporter.prom." + PrometheusReporterFactory.BIND_ADDRESS, HOST);
    set(c, "metrics.reporter.prom." + PrometheusReporterFactory.FLINKS_OWN, true);

    set(c, "io.tmp.dirs", tmp);
    set(c, "web.tmpdir", tmp);
    set(c, "process.working-dir", tmp.resolve("flink"));
  }

  private void memory(Configuration c) {
    int managedMib = MANAGED_MIB_PER_SLOT * slotsPerTaskManager;
    set(c, "taskmanager.memory.managed.size", managedMib + "mb");
    set(c, "taskmanager.memory.network.min", NETWORK_MIB_PER_TASK_MANAGER + "mb");
    set(c, "taskmanager.memory.network.max", NETWORK_MIB_PER_TASK_MANAGER + "mb");
    // What stands between two vertices is first in, first out: no priority and no fair share can
    // reach it, and a savepoint's barrier must wait for it. So it is to be little.
    set(c, "taskmanager.network.memory.buffer-debloat.enabled", true);
    set(c, "taskmanager.network.memory.buffer-debloat.target", "200 ms");
    set(c, "taskmanager.memory.segment-size", "8 kb");
  }

  private void checkpoints(Configuration c) {
    set(c, "state.backend.type", "rocksdb");
    set(c, "execution.checkpointing.incremental", true);
    set(c, "execution.checkpointing.storage", "filesystem");
    set(c, "execution.checkpointing.dir", checkpoints.toUri());
    set(c, "execution.checkpointing.mode", "EXACTLY_ONCE");
    set(c, "execution.checkpointing.interval", "1 s");
    set(c, "execution.checkpointing.min-pause", "200 ms");
    set(c, "execution.checkpointing.timeout", "10 min");
    set(c, "execution.checkpointing.max-concurrent-checkpoints", 1);
    set(c, "execution.checkpointing.tolerable-failed-checkpoints", 10);
    set(c, "execution.checkpointing.unaligned.enabled", true);
    set(c, "execution.checkpointing.aligned-checkpoint-timeout", "1 s");
    set(c, "execution.checkpointing.externalized-checkpoint-retention", "RETAIN_ON_CANCELLATION");
    set(c, "execution.checkpointing.num-retained", 3);
  }

  private void recovery(Configuration c) {
    // Ten failures with less than a minute of quiet between them are not going to heal.
    set(c, "restart-strategy.type", "exponential-delay");
    set(c, "restart-strategy.exponential-delay.initial-backoff", "100 ms");
    set(c, "restart-strategy.exponential-delay.max-backoff", "5 s");
    set(c, "restart-strategy.exponential-delay.backoff-multiplier", "2.0");
    set(c, "restart-strategy.exponential-delay.reset-backoff-threshold", "1 min");
    set(c, "restart-strategy.exponential-delay.attempts-before-reset-backoff", 10);
    set(c, "task.cancellation.timeout", Duration.ofMinutes(1).toMillis());
    set(c, "cluster.services.shutdown-timeout", Duration.ofSeconds(10).toMillis());
    set(c, "classloader.check-leaked-classloader", false);
  }

  private static void jobs(Configuration c) {
    // AUTOMATIC picks BATCH for bounded sources, and its backend forgets at every key change.
    set(c, "execution.runtime-mode", "STREAMING");
    set(c, "pipeline.generic-types", false);
    set(c, "pipeline.auto-generate-uids", false);
    set(c, "pipeline.max-parallelism", 720);
    set(c, "parallelism.default", 1);
  }

  private static void set(Configuration c, String key, Object value) {
    c.setString(key, value.toString());
  }

  private static void between(String name, int value, int max) {
    if (value < 1 || value > max) {
      throw new IllegalArgumentException(name + " is " + value + ", must be 1 to " + max);
    }
  }
}
