package io.millrace.jobs.cli;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;
import picocli.CommandLine.Option;

/** The option of commands that talk to a broker, and a first look whether one is there. */
final class KafkaAddress {
  private static final Duration ANSWER_MAX = Duration.ofSeconds(5);

  @Option(
      names = "--bootstrap",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:9092",
      description = "Kafka's address. Default: ${DEFAULT-VALUE}")
  private String bootstrap;

  String bootstrapServers() {
    return bootstrap;
  }

  /**
   * The topics that are there.
   *
   * @throws CommandFailure when no broker answers
   */
  Set<String> topics() {
    try (Admin admin =
        Admin.create(
            Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrap,
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                (int) ANSWER_MAX.toMillis(),
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                (int) ANSWER_MAX.toMillis()))) {
      return new TreeSet<>(
          admin.listTopics().names().get(ANSWER_MAX.toMillis() + 1_000, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unreachable(e);
    } catch (ExecutionException | TimeoutException e) {
      throw unreachable(e);
    } catch (KafkaException e) {
      throw CommandFailure.wrongUse("--bootstrap " + bootstrap + " is no address of a broker");
    }
  }

  /**
   * A topic of this name, or of this name under our prefix.
   *
   * @throws CommandFailure when there is none
   */
  String requireTopic(String name) {
    Set<String> topics = topics();
    if (topics.contains(name)) {
      return name;
    }
    String ours = "millrace." + name;
    if (topics.contains(ours)) {
      return ours;
    }
    throw CommandFailure.failed(
        "there is no topic "
            + name
            + " at "
            + bootstrap
            + (topics.isEmpty() ? "" : "; there are " + String.join(", ", topics)));
  }

  private CommandFailure unreachable(Exception cause) {
    return CommandFailure.failed(
        "no Kafka broker answers at " + bootstrap + "; is './millrace up' running?", cause);
  }
}
