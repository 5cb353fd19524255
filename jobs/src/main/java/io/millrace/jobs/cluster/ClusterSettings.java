package io.millrace.jobs.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;

/**
 * What a {@link ProcessCluster} is made of.
 *
 * @param folder where all of its files go
 * @param flinkConf the folder with the config.yaml and log4j.properties of a real cluster
 * @param taskManagers 1 to 8
 * @param slotsPerTaskManager 1 to 16
 */
public record ClusterSettings(
    Path folder, Path flinkConf, int taskManagers, int slotsPerTaskManager) {

  private static final String HOST = "127.0.0.1";
  private static final int TASK_MANAGERS_MAX = 8;
  private static final int SLOTS_MAX = 16;

  /** Tried after the first one; others may have taken some. */
  static final int METRICS_PORTS = 30;

  /** Options of a JVM that does little for a short time. */
  static final String QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

  /** Within the limits of {@link ZooKeeperMain}; a JobManager that starved longer lost its job. */
  private static final Duration ZOOKEEPER_SESSION = Duration.ofSeconds(6);

  /**
   * @throws IllegalArgumentException naming the component that is wrong
   */
  public ClusterSettings {
    between("taskManagers", taskManagers, TASK_MANAGERS_MAX);
    between("slotsPerTaskManager", slotsPerTaskManager, SLOTS_MAX);
    folder = folder.toAbsolutePath().normalize();
    if (!Files.isReadable(flinkConf.resolve("config.yaml"))) {
      throw new IllegalArgumentException(flinkConf + " has no config.yaml");
    }
  }

  /**
   * The ports of one cluster.
   *
   * @param metrics the first of those that Flink's processes serve metrics on, each on one
   */
  record Ports(int kafka, int zooKeeper, int rest, int metrics) {}

  /**
   * The configuration of a real cluster, with what is different in this one. Every difference
   * stands here.
   */
  Configuration flink(Ports ports) {
    Configuration c = GlobalConfiguration.loadConfiguration(flinkConf.toString());

    // Where things are: one machine, free ports, one folder.
    set(c, "jobmanager.rpc.address", HOST);
    set(c, "jobmanager.bind-host", HOST);
    set(c, "taskmanager.host", HOST);
    set(c, "taskmanager.bind-host", HOST);
    set(c, "rest.address", HOST);
    set(c, "rest.bind-address", HOST);
    set(c, "rest.port", ports.rest());
    set(c, "rest.bind-port", ports.rest());
    set(c, "metrics.reporters", "llm");
    set(c, "metrics.reporter.llm.port", ports.metrics() + "-" + (ports.metrics() + METRICS_PORTS));
    set(c, "execution.checkpointing.dir", uri("checkpoints"));
    set(c, "execution.checkpointing.savepoint-dir", uri("savepoints"));
    set(c, "io.tmp.dirs", folder.resolve("tmp"));
    set(c, "web.tmpdir", folder.resolve("tmp"));
    set(c, "process.working-dir", folder.resolve("tmp").resolve("flink"));

    // A JobManager that is started again finds its jobs and their newest checkpoints.
    set(c, "high-availability.type", "zookeeper");
    set(c, "high-availability.storageDir", uri("ha"));
    set(c, "high-availability.cluster-id", "/millrace");
    set(c, "high-availability.zookeeper.quorum", HOST + ":" + ports.zooKeeper());

    // Small: a laptop holds all of them.
    set(c, "jobmanager.memory.process.size", "1g");
    set(c, "taskmanager.memory.process.size", "2g");
    set(c, "taskmanager.memory.task.off-heap.size", "128m");
    set(c, "taskmanager.numberOfTaskSlots", slotsPerTaskManager);

    // And soon started: it lives for seconds, and what a second compiler gains comes later.
    set(c, "env.java.opts.jobmanager", QUICK_START);

    // A death is noticed within seconds; a machine that is merely busy is not taken for dead.
    set(c, "heartbeat.interval", "1 s");
    set(c, "heartbeat.timeout", "30 s");
    set(c, "heartbeat.rpc-failure-threshold", 2);
    set(c, "pekko.startup-timeout", "2 min");
    set(c, "pekko.ask.timeout", "1 min");
    set(c, "high-availability.zookeeper.client.session-timeout", millis(ZOOKEEPER_SESSION));
    set(c, "high-availability.zookeeper.client.connection-timeout", millis(ZOOKEEPER_SESSION));
    set(c, "high-availability.zookeeper.client.retry-wait", "500 ms");

    // Failures come one a minute here, not one a month: checkpoints and restarts follow them.
    set(c, "execution.checkpointing.interval", "2 s");
    set(c, "execution.checkpointing.min-pause", "500 ms");
    set(c, "restart-strategy.exponential-delay.max-backoff", "1 s");
    return c;
  }

  /** Writes the folder of configuration that every process of Flink is told. */
  void write(Configuration flink) throws IOException {
    for (String child :
        List.of("conf", "plugins", "logs", "tmp", "zookeeper", "kafka", "checkpoints", "ha")) {
      Files.createDirectories(folder.resolve(child));
    }
    StringBuilder yaml = new StringBuilder();
    for (Map.Entry<String, String> entry : new TreeMap<>(flink.toMap()).entrySet()) {
      yaml.append(entry.getKey())
          .append(": '")
          .append(entry.getValue().replace("'", "''"))
          .append("'\n");
    }
    Files.writeString(folder.resolve("conf/config.yaml"), yaml);
    Files.copy(
        flinkConf.resolve("log4j.properties"),
        folder.resolve("conf/log4j.properties"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  private String uri(String child) {
    // Whether there is a slash at its end depends on whether the folder exists.
    return folder.resolve(child).toUri().toString().replaceFirst("/$", "");
  }

  private static String millis(Duration duration) {
    return duration.toMillis() + " ms";
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
