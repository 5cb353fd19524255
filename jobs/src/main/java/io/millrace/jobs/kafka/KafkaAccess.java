package io.millrace.jobs.kafka;

import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.MillraceOptions.Delivery;
import io.millrace.jobs.RemoteModelOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.configuration.Configuration;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the brokers, before a job is submitted, whether they will let it work. A job that is denied
 * something would otherwise restart without end, with a stack trace each time.
 *
 * <p>Only a definite no counts. Brokers that do not answer are a matter for the job, which waits
 * for them: in application mode this runs again when a JobManager is replaced, perhaps while a
 * broker is down.
 */
public final class KafkaAccess {
  private static final Logger LOG = LoggerFactory.getLogger(KafkaAccess.class);
  private static final Duration ANSWER_MAX = Duration.ofSeconds(15);

  private static final Set<AclOperation> READ = Set.of(AclOperation.READ);

  /** Flink's sink looks for its open transactions by the producers of the topic: a read. */
  private static final Set<AclOperation> WRITTEN = Set.of(AclOperation.WRITE, AclOperation.READ);

  private final Admin admin;
  private final String bootstrapServers;
  private final Duration answerMax;
  private final List<String> denied = new ArrayList<>();

  private KafkaAccess(Admin admin, String bootstrapServers, Duration answerMax) {
    this.admin = admin;
    this.bootstrapServers = bootstrapServers;
    this.answerMax = answerMax;
  }

  /**
   * Returns if the inference job can work, or the brokers do not answer.
   *
   * @throws IllegalArgumentException on one line: a wrong file of settings, a secret that is not
   *     set here, a login that is refused, a topic that is missing, everything that is denied
   */
  public static void require(Configuration options) {
    require(options, ANSWER_MAX);
  }

  /**
   * @param answerMax how long an answer is waited for
   */
  public static void require(Configuration options, Duration answerMax) {
    Topics topics = topics(options);
    Map<String, Set<AclOperation>> needed = new LinkedHashMap<>();
    topics.all().forEach(topic -> needed.put(topic, WRITTEN));
    needed.put(topics.prompts(), READ);
    if (RemoteModelOptions.anyRemote(options)) {
      needed.put(topics.attempts(), Set.of(AclOperation.WRITE));
    }
    require(options, answerMax, needed, Optional.of("responses"));
  }

  /** The same for the anomaly job. */
  public static void requireForAnomalies(Configuration options) {
    Topics topics = topics(options);
    Map<String, Set<AclOperation>> needed = new LinkedHashMap<>();
    needed.put(topics.costs(), READ);
    needed.put(topics.anomalies(), WRITTEN);
    require(options, ANSWER_MAX, needed, Optional.of("anomalies"));
  }

  /** The same for the ledger job. */
  public static void requireForLedger(Configuration options) {
    require(options, ANSWER_MAX, Map.of(topics(options).costs(), READ), Optional.empty());
  }

  private static void require(
      Configuration options,
      Duration answerMax,
      Map<String, Set<AclOperation>> needed,
      Optional<String> sink) {
    KafkaConnection connection = KafkaConnection.of(options);
    connection.requireResolved();
    int answerMaxMs = Math.toIntExact(answerMax.toMillis());
    try (Admin admin =
        Admin.create(
            connection.with(
                Map.of(
                    AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                    answerMaxMs,
                    AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                    answerMaxMs / 2)))) {
      new KafkaAccess(admin, connection.bootstrapServers(), answerMax)
          .require(options, needed, sink);
    }
  }

  private static Topics topics(Configuration options) {
    return new Topics(options.get(MillraceOptions.TOPIC_PREFIX));
  }

  /**
   * @param needed what the job does with each topic
   * @param sink one that writes in transactions
   */
  private void require(
      Configuration options, Map<String, Set<AclOperation>> needed, Optional<String> sink) {
    Map<String, KafkaFuture<TopicDescription>> descriptions =
        admin
            .describeTopics(
                needed.keySet(), new DescribeTopicsOptions().includeAuthorizedOperations(true))
            .topicNameValues();
    for (String topic : needed.keySet()) {
      if (!topic(topic, descriptions.get(topic), needed.get(topic))) {
        return;
      }
    }
    if (sink.isPresent()
        && options.get(MillraceOptions.DELIVERY) == Delivery.EXACTLY_ONCE
        && !transactions(options, sink.get())) {
      return;
    }
    if (!denied.isEmpty()) {
      throw new IllegalArgumentException(
          "Kafka at "
              + bootstrapServers
              + " does not allow this user to "
              + String.join(", to ", denied));
    }
  }

  /** Whether the brokers answered. */
  private boolean topic(
      String topic, KafkaFuture<TopicDescription> description, Set<AclOperation> needed) {
    try {
      // Brokers that ask nobody who they are say nothing, or everything.
      Set<AclOperation> allowed = await(description).authorizedOperations();
      needed.stream()
          .filter(operation -> allowed != null && !allowed.contains(operation))
          .sorted()
          .forEach(operation -> denied.add(operation + " topic " + topic));
      return true;
    } catch (ExecutionException e) {
      return refused(e.getCause(), "DESCRIBE topic " + topic, topic);
    } catch (TimeoutException e) {
      return silent(e);
    }
  }

  /** Fences an id of its own under the sinks' prefix; that asks for the right to write with it. */
  private boolean transactions(Configuration options, String sink) {
    String id = KafkaEndpoints.transactionalIdPrefix(options, sink) + "-access";
    try {
      await(admin.fenceProducers(List.of(id)).all());
      return true;
    } catch (ExecutionException e) {
      return refused(
          e.getCause(),
          "WRITE transactional ids that start with "
              + options.get(MillraceOptions.TRANSACTION_PREFIX),
          null);
    } catch (TimeoutException e) {
      return silent(e);
    }
  }

  private boolean refused(Throwable cause, String denial, String topic) {
    if (cause instanceof AuthenticationException) {
      throw new IllegalArgumentException(
          "Kafka at " + bootstrapServers + " refuses the login: " + cause.getMessage(), cause);
    }
    if (cause instanceof UnknownTopicOrPartitionException && topic != null) {
      throw new IllegalArgumentException(
          "there is no topic " + topic + " at " + bootstrapServers, cause);
    }
    if (cause instanceof AuthorizationException) {
      denied.add(denial);
      return true;
    }
    return silent(cause);
  }

  private boolean silent(Throwable cause) {
    LOG.warn(
        "Kafka at {} does not tell whether the job may work: {}",
        bootstrapServers,
        cause.toString());
    return false;
  }

  private <T> T await(KafkaFuture<T> future) throws ExecutionException, TimeoutException {
    try {
      return future.get(answerMax.toMillis() + 1_000, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for Kafka", e);
    }
  }
}
