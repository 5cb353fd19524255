package io.millrace.jobs.embedded;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** The topics of a Kafka cluster. One connection, opened on first use. */
public final class KafkaTopics implements AutoCloseable {

  private static final Duration REQUEST_MAX = Duration.ofSeconds(30);
  private static final Duration PAUSE = Duration.ofMillis(10);

  private final String bootstrapServers;
  private Admin admin;

  public KafkaTopics(String bootstrapServers) {
    this.bootstrapServers = bootstrapServers;
  }

  /** As {@link #create(Map, Map)}, with the broker's own defaults. */
  public void create(Map<String, Integer> partitionsByTopic) {
    create(partitionsByTopic, Map.of());
  }

  /**
   * Creates the topics that are missing and gives all of them {@code config}, those too that were
   * there. Never changes a number of partitions: that would move keys.
   *
   * <p>Returns when the new partitions' leaders serve clients, which is later than when the topics
   * exist. A producer that came between might have its first batch refused and its second accepted
   * (a log without records accepts any sequence number), and would try the first in vain until its
   * time is up.
   *
   * @param partitionsByTopic names and numbers of partitions
   * @param config topic settings such as {@code max.message.bytes}
   * @throws IllegalStateException when the cluster does not answer within 30 s, or refuses
   */
  public void create(Map<String, Integer> partitionsByTopic, Map<String, String> config) {
    List<NewTopic> wanted = new ArrayList<>();
    partitionsByTopic.forEach(
        (name, partitions) ->
            wanted.add(
                new NewTopic(name, Optional.of(partitions), Optional.empty()).configs(config)));
    CreateTopicsResult created = admin().createTopics(wanted);
    List<TopicPartition> fresh = new ArrayList<>();
    Map<ConfigResource, Collection<AlterConfigOp>> changes = new HashMap<>();
    created
        .values()
        .forEach(
            (name, result) -> {
              if (isNew(name, result)) {
                for (int i = 0; i < partitionsByTopic.get(name); i++) {
                  fresh.add(new TopicPartition(name, i));
                }
              } else if (!config.isEmpty()) {
                changes.put(new ConfigResource(ConfigResource.Type.TOPIC, name), set(config));
              }
            });
    if (!changes.isEmpty()) {
      await("change topics", admin().incrementalAlterConfigs(changes).all());
    }
    awaitLeaders(fresh);
  }

  /** Only a leader tells where a partition ends. */
  private void awaitLeaders(Collection<TopicPartition> partitions) {
    long begin = System.nanoTime();
    while (true) {
      try {
        ends(partitions);
        return;
      } catch (IllegalStateException e) {
        // The client itself waits for a leader, but not for a topic to become known.
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)
            || System.nanoTime() - begin > REQUEST_MAX.toNanos()) {
          throw e;
        }
      }
      pause();
    }
  }

  /** The names of all topics but Kafka's own. */
  public Set<String> names() {
    return await("list topics", admin().listTopics().names());
  }

  /** The offset that each partition's next record will have, committed or not. */
  public Map<TopicPartition, Long> ends(Collection<TopicPartition> partitions) {
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    partitions.forEach(partition -> latest.put(partition, OffsetSpec.latest()));
    Map<TopicPartition, Long> ends = new HashMap<>();
    await("ask for the ends of partitions", admin().listOffsets(latest).all())
        .forEach((partition, end) -> ends.put(partition, end.offset()));
    return ends;
  }

  @Override
  public synchronized void close() {
    if (admin != null) {
      admin.close(Duration.ofSeconds(1));
      admin = null;
    }
  }

  private static boolean isNew(String name, KafkaFuture<Void> result) {
    try {
      await("create topic " + name, result);
      return true;
    } catch (IllegalStateException e) {
      if (e.getCause() instanceof TopicExistsException) {
        return false;
      }
      throw e;
    }
  }

  private static List<AlterConfigOp> set(Map<String, String> config) {
    List<AlterConfigOp> operations = new ArrayList<>();
    config.forEach(
        (key, value) ->
            operations.add(
                new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET)));
    return operations;
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private synchronized Admin admin() {
    if (admin == null) {
      admin =
          Admin.create(
              Map.of(
                  AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                  bootstrapServers,
                  AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                  (int) REQUEST_MAX.toMillis()));
    }
    return admin;
  }

  private static <T> T await(String what, KafkaFuture<T> future) {
    try {
      return future.get(REQUEST_MAX.toSeconds() + 1, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new IllegalStateException(
          "cannot " + what + ": " + e.getCause().getMessage(), e.getCause());
    } catch (TimeoutException e) {
      throw new IllegalStateException("cannot " + what + ": no answer from the broker", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("cannot " + what + ": interrupted", e);
    }
  }
}
