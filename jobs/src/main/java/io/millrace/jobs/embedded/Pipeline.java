package io.millrace.jobs.embedded;

import io.millrace.jobs.AnomalyJob;
import io.millrace.jobs.InferenceJob;
import io.millrace.jobs.LedgerJob;
import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.ModelOptions;
import io.millrace.jobs.Models;
import io.millrace.jobs.RemoteModelOptions;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.kafka.Topics;
import io.millrace.jobs.ledger.LedgerOptions;
import io.millrace.jobs.ledger.LedgerSink;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The inference job with its broker and its cluster, over one directory: what {@code ./millrace}
 * runs in its own JVM. A start over a directory that was used before goes on from its newest
 * checkpoint.
 */
public final class Pipeline implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Pipeline.class);

  private static final String JOB_NAME = "millrace-inference";
  private static final String ANOMALY_JOB_NAME = "millrace-anomaly";
  private static final String LEDGER_JOB_NAME = "millrace-ledger";

  /** Opening large models is most of it. */
  private static final Duration RUNNING_MAX = Duration.ofMinutes(5);

  /** Room for keys, headers and framing around the largest value, bytes. */
  private static final long RECORD_OVERHEAD_BYTES = 64 * 1024;

  /** Everything but the engines shares one slot; so do the anomaly job and the ledger job each. */
  private static final int CPU_SLOTS = 1;

  /**
   * What differs between pipelines. A port that is 0 takes a free one.
   *
   * @param data root of the data directory
   * @param options of the job; the brokers' address is filled in
   * @param partitions of every topic that is made
   * @param topicSettings of every topic, such as {@code retention.ms}
   * @param flink Flink's own options of the job, where they are to differ from {@link
   *     EmbeddedFlinkConfig}
   * @param anomalies whether the anomaly job runs, too
   * @param ledger whether the ledger job runs, too
   */
  public record Settings(
      Path data,
      int kafkaPort,
      int dashboardPort,
      int metricsPort,
      Configuration options,
      int partitions,
      Map<String, String> topicSettings,
      Configuration flink,
      boolean anomalies,
      boolean ledger) {

    /** Without the anomaly job and the ledger job, with Flink's options as they are. */
    public Settings(
        Path data,
        int kafkaPort,
        int dashboardPort,
        int metricsPort,
        Configuration options,
        int partitions,
        Map<String, String> topicSettings) {
      this(
          data,
          kafkaPort,
          dashboardPort,
          metricsPort,
          options,
          partitions,
          topicSettings,
          new Configuration(),
          false,
          false);
    }

    /** With options of Flink's that differ. */
    public Settings withFlink(Configuration flink) {
      return new Settings(
          data,
          kafkaPort,
          dashboardPort,
          metricsPort,
          options,
          partitions,
          topicSettings,
          flink,
          anomalies,
          ledger);
    }

    /** With the anomaly job. */
    public Settings withAnomalies() {
      return new Settings(
          data,
          kafkaPort,
          dashboardPort,
          metricsPort,
          options,
          partitions,
          topicSettings,
          flink,
          true,
          ledger);
    }

    /** With the ledger job; into the data directory's ledger/ where the options do not say. */
    public Settings withLedger() {
      return new Settings(
          data,
          kafkaPort,
          dashboardPort,
          metricsPort,
          options,
          partitions,
          topicSettings,
          flink,
          anomalies,
          true);
    }
  }

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private DataDirectory data;
  private EmbeddedKafka kafka;
  private EmbeddedFlink flink;
  private Topics topics;
  private JobHandle job;
  private JobHandle anomalyJob;
  private JobHandle ledgerJob;
  private Path ledger;

  private Pipeline() {}

  /**
   * Starts everything and returns when the job runs.
   *
   * @throws StartupException when a port is taken, the directory cannot be used, or a model cannot
   *     be opened
   * @throws IllegalArgumentException naming an option that is wrong
   */
  public static Pipeline start(Settings settings, Models models) {
    MillraceOptions.validate(settings.options());
    requireModels(settings.options(), models);
    Pipeline pipeline = new Pipeline();
    try {
      pipeline.open(settings, models);
      return pipeline;
    } catch (RuntimeException e) {
      pipeline.close();
      throw e;
    }
  }

  /** Where clients connect, {@code host:port}. */
  public String bootstrapServers() {
    return kafka.bootstrapServers();
  }

  public String dashboardUrl() {
    return flink.dashboardUrl();
  }

  /** Where Prometheus reads the catalogue of {@code llm_*} metrics. */
  public String metricsUrl() {
    return flink.metricsUrl();
  }

  /** Where it reads Flink's own. */
  public String flinkMetricsUrl() {
    return flink.flinkMetricsUrl();
  }

  public Topics topics() {
    return topics;
  }

  public JobHandle job() {
    return job;
  }

  /** Nothing where the settings leave it out. */
  public Optional<JobHandle> anomalyJob() {
    return Optional.ofNullable(anomalyJob);
  }

  /** Nothing where the settings leave it out. */
  public Optional<JobHandle> ledgerJob() {
    return Optional.ofNullable(ledgerJob);
  }

  /** The ledger's directory; nothing where the settings leave the ledger job out. */
  public Optional<Path> ledger() {
    return Optional.ofNullable(ledger);
  }

  /** Has this end with the pipeline, before any part of it. */
  public synchronized void closeWith(AutoCloseable companion) {
    open.push(companion);
  }

  /** Stops the job, keeping its checkpoints, and then what it ran on; bounded in time. */
  @Override
  public synchronized void close() {
    while (!open.isEmpty()) {
      AutoCloseable next = open.pop();
      try {
        next.close();
      } catch (Exception e) {
        LOG.warn("{} did not close", next.getClass().getSimpleName(), e);
      }
    }
  }

  private void open(Settings settings, Models models) {
    data = opened(DataDirectory.open(settings.data()));
    kafka = opened(EmbeddedKafka.start(data.kafka(), settings.kafkaPort()));
    Configuration options = new Configuration(settings.options());
    options.set(MillraceOptions.KAFKA_BOOTSTRAP, kafka.bootstrapServers());
    topics = new Topics(options.get(MillraceOptions.TOPIC_PREFIX));
    createTopics(settings, options);
    flink = opened(EmbeddedFlink.start(cluster(settings, options)));

    StreamExecutionEnvironment env = flink.environment(JOB_NAME);
    env.configure(settings.flink());
    KafkaEndpoints endpoints = new KafkaEndpoints(options);
    InferenceJob.define(
        env, endpoints.prompts(), endpoints.budgetCosts(), endpoints.sinks(), options, models);
    MillraceOptions.describe(options).forEach(LOG::info);
    job = flink.resume(env);
    job.awaitRunning(RUNNING_MAX);
    if (settings.anomalies()) {
      StreamExecutionEnvironment watching = flink.environment(ANOMALY_JOB_NAME);
      AnomalyJob.define(watching, endpoints.costs(), endpoints.anomalies(), options);
      anomalyJob = flink.resume(watching);
      anomalyJob.awaitRunning(RUNNING_MAX);
    }
    if (settings.ledger()) {
      options.set(
          LedgerOptions.DIRECTORY,
          options.getOptional(LedgerOptions.DIRECTORY).orElse(data.ledger().toString()));
      StreamExecutionEnvironment keeping = flink.environment(LEDGER_JOB_NAME);
      LedgerJob.define(keeping, endpoints.ledgerRows(), new LedgerSink(options), options);
      ledgerJob = flink.resume(keeping);
      ledgerJob.awaitRunning(RUNNING_MAX);
      ledger = Path.of(options.get(LedgerOptions.DIRECTORY));
    }
  }

  private EmbeddedFlinkConfig cluster(Settings settings, Configuration options) {
    int engines =
        options.get(MillraceOptions.MODELS).stream()
            .mapToInt(model -> options.get(new ModelOptions(model).parallelism))
            .sum();
    int watching = (settings.anomalies() ? 1 : 0) + (settings.ledger() ? 1 : 0);
    return EmbeddedFlinkConfig.in(data)
        .withPorts(settings.dashboardPort(), settings.metricsPort())
        .withTaskManagers(1, CPU_SLOTS + engines + watching);
  }

  private void createTopics(Settings settings, Configuration options) {
    Map<String, Integer> partitions = new HashMap<>();
    topics.all().forEach(topic -> partitions.put(topic, settings.partitions()));
    if (RemoteModelOptions.anyRemote(options)) {
      partitions.put(topics.attempts(), settings.partitions());
    }
    if (settings.anomalies()) {
      partitions.put(topics.anomalies(), settings.partitions());
    }
    Map<String, String> config = new HashMap<>(settings.topicSettings());
    long valueBytesMax = options.get(MillraceOptions.OUTPUT_SIZE_MAX).getBytes();
    config.put("max.message.bytes", Long.toString(valueBytesMax + RECORD_OVERHEAD_BYTES));
    // A limit of a batch's size is one of compressed bytes, which may hold a thousand times more.
    // As
    // it is kept uncompressed, no record is larger than the limit, whatever it was sent as.
    Map<String, String> promptConfig = new HashMap<>(config);
    promptConfig.put("compression.type", "uncompressed");
    kafka.topics().create(Map.of(topics.prompts(), settings.partitions()), promptConfig);
    partitions.remove(topics.prompts());
    kafka.topics().create(partitions, config);
  }

  /** A model that cannot be opened is told at once, and not by a job that keeps restarting. */
  private static void requireModels(Configuration options, Models models) {
    for (String model : options.get(MillraceOptions.MODELS)) {
      try {
        models.profile(options, model);
      } catch (IOException e) {
        throw new StartupException("model " + model + " cannot be opened: " + e.getMessage(), e);
      }
    }
  }

  private synchronized <T extends AutoCloseable> T opened(T part) {
    open.push(part);
    return part;
  }
}
