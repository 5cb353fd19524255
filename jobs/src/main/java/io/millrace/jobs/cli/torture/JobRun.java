package io.millrace.jobs.cli.torture;

import io.millrace.jobs.InferenceJob;
import io.millrace.jobs.Models;
import io.millrace.jobs.cluster.ProcessCluster;
import io.millrace.jobs.kafka.KafkaEndpoints;
import io.millrace.jobs.kafka.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/** The inference job on topics of its own: prompts in, and what comes of them. */
final class JobRun implements AutoCloseable {
  private static final int PARTITIONS = 4;
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** Nothing that goes well takes this long, on however busy a machine. */
  private static final Duration PROGRESS_MAX = Duration.ofMinutes(5);

  private final ProcessCluster cluster;
  private final Consumer<String> teller;
  private final Topics topics;
  private final PromptSender sender;
  private final Evidence evidence;
  private final AnswersInProgress inProgress = new AnswersInProgress();
  private final TopicFollower committed;
  private final TopicFollower tokens;
  private final JobID job;

  /**
   * Starts the job.
   *
   * @param name of its topics
   * @param teller gets a line when part of the cluster ended by itself
   */
  JobRun(ProcessCluster cluster, TortureSettings settings, String name, Consumer<String> teller) {
    this.cluster = cluster;
    this.teller = teller;
    Configuration options = settings.job(cluster.bootstrapServers(), name + ".");
    topics = new Topics(name + ".");
    Map<String, Integer> partitions = new HashMap<>();
    topics.all().forEach(topic -> partitions.put(topic, PARTITIONS));
    cluster.topics().create(partitions);

    StreamExecutionEnvironment env = cluster.environment("torture-" + name);
    KafkaEndpoints kafka = new KafkaEndpoints(options);
    InferenceJob.define(
        env, kafka.prompts(), kafka.budgetCosts(), kafka.sinks(), options, Models.local());
    job = cluster.submit(env);

    evidence = new Evidence(topics);
    String bootstrap = cluster.bootstrapServers();
    sender = new PromptSender(bootstrap, topics.prompts(), PARTITIONS);
    committed =
        new TopicFollower(
            bootstrap,
            List.of(topics.responses(), topics.tokens(), topics.costs(), topics.deadLetters()),
            PARTITIONS,
            IsolationLevel.READ_COMMITTED,
            evidence::read);
    tokens =
        new TopicFollower(
            bootstrap,
            List.of(topics.tokens()),
            PARTITIONS,
            IsolationLevel.READ_UNCOMMITTED,
            inProgress::read);
  }

  PromptSender sender() {
    return sender;
  }

  Evidence evidence() {
    return evidence;
  }

  AnswersInProgress inProgress() {
    return inProgress;
  }

  /** Prompts sent that are not settled, as committed readers see it. */
  int outstanding() {
    return sender.sent() - evidence.settled();
  }

  /**
   * Waits.
   *
   * @param what is waited for
   * @param meanwhile done again and again
   * @param condition asked again and again
   * @throws IllegalStateException when nothing is committed for five minutes
   */
  void await(String what, Runnable meanwhile, BooleanSupplier condition) {
    if (!comes(meanwhile, condition)) {
      throw new IllegalStateException(
          "no " + what + ": nothing was committed for " + PROGRESS_MAX.toMinutes() + " minutes");
    }
  }

  /** Waits; false when nothing is committed for five minutes. */
  private boolean comes(Runnable meanwhile, BooleanSupplier condition) {
    long begin = System.nanoTime();
    long settled = evidence.settled();
    while (!condition.getAsBoolean()) {
      meanwhile.run();
      committed.requireRunning();
      tokens.requireRunning();
      cluster.revive().forEach(name -> teller.accept(name + " ended by itself, and is back"));
      if (evidence.settled() > settled) {
        settled = evidence.settled();
        begin = System.nanoTime();
      }
      if (System.nanoTime() - begin > PROGRESS_MAX.toNanos()) {
        return false;
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
    return true;
  }

  /**
   * Waits until every prompt is settled, or nothing comes any more, and until nothing uncommitted
   * is left on any topic: what came twice may come late.
   */
  void drain() {
    Set<String> requestIds = sender.requestIds();
    boolean complete = comes(() -> {}, () -> evidence.settled() >= requestIds.size());
    if (complete) {
      await("end of every transaction", () -> {}, this::hasReadAll);
    }
  }

  /** Whether the committed records that were read are all that there are. */
  private boolean hasReadAll() {
    Map<TopicPartition, Long> read = committed.positions();
    return cluster.topics().ends(read.keySet()).entrySet().stream()
        .allMatch(end -> read.get(end.getKey()) >= end.getValue());
  }

  /** Ends the job. */
  @Override
  public void close() {
    committed.close();
    tokens.close();
    sender.close();
    cluster.cancel(job);
  }
}
