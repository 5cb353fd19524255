package io.millrace.jobs.cluster;

import io.millrace.jobs.embedded.KafkaTopics;
import io.millrace.jobs.embedded.Ports;
import io.millrace.jobs.embedded.StartupException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.JobID;
import org.apache.flink.client.deployment.StandaloneClusterId;
import org.apache.flink.client.program.rest.RestClusterClient;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.HighAvailabilityOptions;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ZooKeeper, a Kafka broker, a JobManager and TaskManagers, each a JVM of its own from the class
 * path of this one, all on the loopback interface, over one folder.
 *
 * <p>It is configured as a real cluster is, from the same config.yaml; {@link ClusterSettings} says
 * in what it differs. Every process ends with this one, however this one ends.
 *
 * <pre>
 * FOLDER/conf         what the processes were told
 * FOLDER/logs         of each, what it logged and what it printed
 * FOLDER/zookeeper kafka checkpoints ha savepoints tmp
 * </pre>
 *
 * <p>Ports are taken from below those that the system gives to clients: a client that keeps asking
 * for a broker that is away could otherwise be given the broker's own port.
 */
public final class ProcessCluster implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ProcessCluster.class);

  /** On a machine that is busy with much else; a start takes a tenth of it otherwise. */
  private static final Duration START_MAX = Duration.ofMinutes(4);

  private static final Duration ANSWER_MAX = Duration.ofMinutes(1);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final int CONNECT_MILLIS_MAX = 1000;
  private static final int PORTS_FROM = 20_000;
  private static final int PORTS_TO = 30_000;

  /** The last port below those that Linux gives to clients. */
  private static final int PORT_MAX = 32_767;

  private final Configuration flink;
  private final ClusterSettings.Ports ports;
  private final ClusterProcess zooKeeper;
  private final ClusterProcess broker;
  private final ClusterProcess jobManager;
  private final List<ClusterProcess> taskManagers = new ArrayList<>();
  private final KafkaTopics topics;
  private RestClusterClient<StandaloneClusterId> client;

  private ProcessCluster(ClusterSettings settings) throws IOException {
    int first = PORTS_FROM + (int) (ProcessHandle.current().pid() % (PORTS_TO - PORTS_FROM));
    int kafka = freePort(first);
    int keeper = freePort(kafka + 1);
    int rest = freePort(keeper + 1);
    ports = new ClusterSettings.Ports(kafka, keeper, rest, freePort(rest + 1));
    flink = settings.flink(ports);
    settings.write(flink);
    zooKeeper = main("zookeeper", settings, "-Xmx128m", ZooKeeperMain.class, ports.zooKeeper());
    broker = main("kafka", settings, "-Xmx512m", BrokerMain.class, ports.kafka());
    jobManager = FlinkProcesses.jobManager(settings.folder(), flink);
    for (int i = 0; i < settings.taskManagers(); i++) {
      taskManagers.add(FlinkProcesses.taskManager(settings.folder(), flink, i));
    }
    topics = new KafkaTopics(bootstrapServers());
  }

  /**
   * Starts all processes and returns when the broker serves clients and every TaskManager has come.
   *
   * @throws StartupException when one of them does not
   */
  public static ProcessCluster start(ClusterSettings settings) {
    ProcessCluster cluster;
    try {
      cluster = new ProcessCluster(settings);
    } catch (IOException e) {
      throw new StartupException(settings.folder() + " cannot be written", e);
    }
    try {
      cluster.open(settings.taskManagers());
      return cluster;
    } catch (Exception e) {
      cluster.close();
      if (e instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      throw new StartupException("the cluster does not start: " + e.getMessage(), e);
    }
  }

  /** Where Kafka's clients connect, {@code host:port}. */
  public String bootstrapServers() {
    return "127.0.0.1:" + ports.kafka();
  }

  public String dashboardUrl() {
    return "http://127.0.0.1:" + ports.rest();
  }

  /** What Flink's processes serve of the catalogue of metrics, by the port of each that answers. */
  public Map<Integer, String> metrics() {
    Map<Integer, String> pages = new TreeMap<>();
    int last = ports.metrics() + ClusterSettings.METRICS_PORTS;
    for (int port = ports.metrics(); port <= last; port++) {
      URI uri = URI.create("http://127.0.0.1:" + port + "/metrics");
      try (InputStream page = uri.toURL().openStream()) {
        pages.put(port, new String(page.readAllBytes(), StandardCharsets.UTF_8));
      } catch (IOException nobodyThere) {
        // Another process may be.
      }
    }
    return pages;
  }

  public KafkaTopics topics() {
    return topics;
  }

  /** An environment to define a job in, configured as the cluster is. */
  public StreamExecutionEnvironment environment(String jobName) {
    Configuration job = new Configuration(flink);
    job.set(PipelineOptions.NAME, jobName);
    job.set(
        CheckpointingOptions.CHECKPOINTS_DIRECTORY,
        flink.get(CheckpointingOptions.CHECKPOINTS_DIRECTORY) + "/" + jobName);
    return new StreamExecutionEnvironment(job);
  }

  /** Submits the job defined in {@code env}. */
  public JobID submit(StreamExecutionEnvironment env) {
    return await("submit the job", client.submitJob(env.getStreamGraph().getJobGraph()));
  }

  /** Cancels a job and waits for its end. */
  public void cancel(JobID job) {
    await("cancel the job", client.cancel(job));
    await("see the job's end", client.requestJobResult(job));
  }

  /**
   * Kills a process with -9 and starts another in its place, as whoever watches over a real one
   * would. Returns when the first is gone; the other is not ready for anything yet.
   *
   * @param which chooses a TaskManager: any number of at least 0
   * @return what was killed, for people
   */
  public String kill(Fault fault, int which) {
    ClusterProcess victim =
        switch (fault) {
          case TASK_MANAGER -> taskManagers.get(which % taskManagers.size());
          case JOB_MANAGER -> jobManager;
          case BROKER -> broker;
        };
    String killed = victim.name() + " (process " + victim.pid() + ")";
    victim.kill();
    victim.start();
    LOG.info("Killed {}; process {} takes its place", killed, victim.pid());
    return killed;
  }

  /**
   * Starts processes again that ended without being asked to, as whoever watches over real ones
   * would.
   *
   * @return their names; {@code logs/NAME.*} say why they ended
   */
  public List<String> revive() {
    List<String> revived = new ArrayList<>();
    for (ClusterProcess process : all()) {
      if (process.hasEnded()) {
        process.start();
        LOG.warn("{} ended by itself; process {} takes its place", process.name(), process.pid());
        revived.add(process.name());
      }
    }
    return revived;
  }

  /** Kills every process: what matters is on disk. */
  @Override
  public void close() {
    if (client != null) {
      client.close();
    }
    topics.close();
    all().forEach(ClusterProcess::kill);
  }

  private void open(int taskManagersExpected) throws Exception {
    zooKeeper.start();
    broker.start();
    awaitListening("ZooKeeper", ports.zooKeeper());
    jobManager.start();
    taskManagers.forEach(ClusterProcess::start);
    awaitListening("the broker", ports.kafka());

    Configuration rest = new Configuration(flink);
    rest.removeConfig(HighAvailabilityOptions.HA_MODE); // the client asks where it always answers
    client = new RestClusterClient<>(rest, StandaloneClusterId.getInstance());
    awaitListening("the JobManager", ports.rest());
    awaitTrue("TaskManagers", () -> taskManagersKnown() >= taskManagersExpected);
  }

  private int taskManagersKnown() {
    try {
      return client
          .getClusterOverview()
          .get(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS)
          .getNumTaskManagersConnected();
    } catch (ExecutionException | TimeoutException e) {
      return 0; // no leader yet
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartupException("interrupted", e);
    }
  }

  private void awaitListening(String what, int port) {
    awaitTrue(
        what,
        () -> {
          try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(Ports.LOOPBACK, port), CONNECT_MILLIS_MAX);
            return true;
          } catch (IOException e) {
            return false;
          }
        });
  }

  private void awaitTrue(String what, java.util.function.BooleanSupplier condition) {
    long begin = System.nanoTime();
    while (!condition.getAsBoolean()) {
      for (ClusterProcess process : all()) {
        if (process.hasEnded()) {
          throw new StartupException(
              process.name() + " does not start; logs/" + process.name() + ".* say why");
        }
      }
      if (System.nanoTime() - begin > START_MAX.toNanos()) {
        throw new StartupException(
            what + " did not come within " + START_MAX.toMinutes() + " minutes");
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  private List<ClusterProcess> all() {
    List<ClusterProcess> all = new ArrayList<>(taskManagers);
    all.add(jobManager);
    all.add(broker);
    all.add(zooKeeper);
    return all;
  }

  private static ClusterProcess main(
      String name, ClusterSettings settings, String heap, Class<?> main, int port) {
    return new ClusterProcess(
        name,
        settings.folder(),
        List.of((ClusterSettings.QUICK_START + " " + heap).split(" ")),
        List.of(
            main.getName(), settings.folder().resolve(name).toString(), Integer.toString(port)));
  }

  private static int freePort(int from) {
    for (int port = from; port <= PORT_MAX; port++) {
      try {
        return Ports.choose(port, "");
      } catch (StartupException taken) {
        // The next one, then.
      }
    }
    throw new StartupException("no free port from " + from + " on");
  }

  private static <T> T await(String what, CompletableFuture<T> future) {
    try {
      return future.get(ANSWER_MAX.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "cannot " + what + ": " + e.getCause().getMessage(), e.getCause());
    } catch (TimeoutException e) {
      throw new IllegalStateException("cannot " + what + ": no answer from the cluster", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("cannot " + what + ": interrupted", e);
    }
  }
}
