package io.millrace.jobs.cli;

import io.millrace.jobs.kafka.KafkaConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import picocli.CommandLine.Option;

/** The options of commands that talk to a broker, and a first look whether one is there. */
final class KafkaAddress {
  private static final Duration ANSWER_MAX = Duration.ofSeconds(5);

  /** A broker with a login is another machine's, and TLS takes its time. */
  private static final Duration SECURE_ANSWER_MAX = Duration.ofSeconds(30);

  @Option(
      names = "--bootstrap",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:9092",
      description = "Kafka's address. Default: ${DEFAULT-VALUE}")
  private String bootstrap;

  @Option(
      names = "--kafka-config",
      paramLabel = "FILE",
      description =
          "Connection settings in Kafka's own form (TLS, SASL); secrets as $${env:KAFKA_PASSWORD}.")
  private Path config;

  String bootstrapServers() {
    return bootstrap;
  }

  /**
   * What every client of the command connects with.
   *
   * @throws CommandFailure when the file is wrong, or refers to a secret that is not there
   */
  KafkaConnection connection() {
    try {
      KafkaConnection connection = KafkaConnection.of(bootstrap, Optional.ofNullable(config));
      connection.requireResolved();
      return connection;
    } catch (IllegalArgumentException e) {
      throw CommandFailure.wrongUse(e.getMessage());
    }
  }

  /**
   * The topics that are there.
   *
   * @throws CommandFailure when no broker answers
   */
  Set<String> topics() {
    Duration answerMax = config == null ? ANSWER_MAX : SECURE_ANSWER_MAX;
    Map<String, Object> properties =
        connection()
            .with(
                Map.of(
                    AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG,
                    (int) answerMax.toMillis(),
                    AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                    (int) answerMax.toMillis()));
    try (Admin admin = Admin.create(properties)) {
      return new TreeSet<>(
          admin.listTopics().names().get(answerMax.toMillis() + 1_000, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unreachable(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AuthenticationException refused) {
        throw CommandFailure.failed(
            "Kafka at " + bootstrap + " refuses the login: " + refused.getMessage(), e);
      }
      throw unreachable(e);
    } catch (TimeoutException e) {
      throw unreachable(e);
    } catch (KafkaException e) {
      throw CommandFailure.wrongUse(unusable(e));
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
            + (config == null ? "" : " that this user may see")
            + (topics.isEmpty() ? "" : "; there are " + String.join(", ", topics)));
  }

  /** What a client says about its settings names the setting, and no secret. */
  private String unusable(KafkaException e) {
    if (config == null) {
      return "--bootstrap " + bootstrap + " is no address of a broker";
    }
    Throwable root = e;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return "--bootstrap " + bootstrap + " with " + config + " cannot be used: " + root.getMessage();
  }

  private CommandFailure unreachable(Exception cause) {
    return CommandFailure.failed(
        "no Kafka broker answers at "
            + bootstrap
            + (config == null
                ? "; is './millrace up' running?"
                : "; is it up, and does it speak the security.protocol of " + config + "?"),
        cause);
  }
}
