package io.millrace.jobs;

import static org.apache.flink.configuration.ConfigOptions.key;

import io.millrace.jobs.alert.AlertmanagerTarget;
import java.time.Duration;
import java.util.Optional;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;

/**
 * The options of the anomaly job's direct way to an Alertmanager, {@code millrace.alertmanager.*}.
 */
public final class AlertmanagerOptions {

  public static final ConfigOption<String> URL =
      key("millrace.alertmanager.url")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "An Alertmanager that the anomaly job tells of anomalies at once, http://host:port."
                  + " Without it they get there by metrics and Prometheus' rules. Never a login.");

  public static final ConfigOption<String> TOKEN_FILE =
      key("millrace.alertmanager.token-file")
          .stringType()
          .noDefaultValue()
          .withDescription(
              "File with the bearer token that it asks for, on every TaskManager's machine.");

  public static final ConfigOption<Duration> TIMEOUT =
      key("millrace.alertmanager.timeout")
          .durationType()
          .defaultValue(Duration.ofSeconds(5))
          .withDescription(
              "Of a connection, and of an answer; three tries are made. 10 ms to 5 min. The job"
                  + " never waits for it.");

  public static final ConfigOption<Integer> WAITING_MAX =
      key("millrace.alertmanager.waiting-max")
          .intType()
          .defaultValue(1000)
          .withDescription(
              "Anomalies of a subtask that wait to be sent; further ones are dropped, and counted."
                  + " 1 to 100000.");

  private static final Duration TIMEOUT_MIN = Duration.ofMillis(10);
  private static final Duration TIMEOUT_MAX = Duration.ofMinutes(5);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private AlertmanagerOptions() {}

  /** Where to send anomalies; empty if nowhere. */
  static Optional<AlertmanagerTarget> target(Configuration configuration) {
    return configuration
        .getOptional(URL)
        .map(
            url ->
                new AlertmanagerTarget(
                    url,
                    configuration.getOptional(TOKEN_FILE).orElse(null),
                    configuration.get(TIMEOUT),
                    RETRY_AFTER,
                    configuration.get(WAITING_MAX)));
  }

  /**
   * @throws IllegalArgumentException naming the option
   */
  static void validate(Configuration configuration) {
    MillraceOptions.between(configuration, WAITING_MAX, 1, 100_000);
    Duration timeout = configuration.get(TIMEOUT);
    if (timeout.compareTo(TIMEOUT_MIN) < 0 || timeout.compareTo(TIMEOUT_MAX) > 0) {
      throw new IllegalArgumentException(
          TIMEOUT.key() + " is " + timeout + ", must be 10 ms to 5 min");
    }
    try {
      target(configuration);
    } catch (IllegalArgumentException e) {
      // Not the cause's own words, which quote what may be a password.
      throw new IllegalArgumentException(
          URL.key() + " must be http://host:port or https://host:port, without a login");
    }
  }
}
