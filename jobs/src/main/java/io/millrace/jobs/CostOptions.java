package io.millrace.jobs;

import static org.apache.flink.configuration.ConfigOptions.key;

import java.time.Duration;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;

/** The options of the costs topic, {@code millrace.cost.*}. */
public final class CostOptions {

  public static final ConfigOption<Duration> IDLE_INTERVAL =
      key("millrace.cost.idle-interval")
          .durationType()
          .defaultValue(Duration.ofSeconds(10))
          .withDescription(
              "How often each engine's idle device time is booked as a cost row. 1 s to 1 h.");

  public static final ConfigOption<Duration> HEARTBEAT_INTERVAL =
      key("millrace.cost.heartbeat-interval")
          .durationType()
          .defaultValue(Duration.ofSeconds(10))
          .withDescription(
              "How often each partition of the costs topic gets a heartbeat, so that readers by"
                  + " event time see that nobody asks anything. 1 s to 1 h.");

  private static final Duration INTERVAL_MIN = Duration.ofSeconds(1);
  private static final Duration INTERVAL_MAX = Duration.ofHours(1);

  private CostOptions() {}

  /**
   * @throws IllegalArgumentException naming the option
   */
  static void validate(Configuration configuration) {
    interval(configuration, IDLE_INTERVAL);
    interval(configuration, HEARTBEAT_INTERVAL);
  }

  private static void interval(Configuration configuration, ConfigOption<Duration> option) {
    Duration interval = configuration.get(option);
    if (interval.compareTo(INTERVAL_MIN) < 0 || interval.compareTo(INTERVAL_MAX) > 0) {
      throw new IllegalArgumentException(option.key() + " is " + interval + ", must be 1 s to 1 h");
    }
  }
}
