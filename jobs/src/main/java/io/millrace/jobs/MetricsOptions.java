package io.millrace.jobs;

import static org.apache.flink.configuration.ConfigOptions.key;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;

/** The options of metrics, {@code millrace.metrics.*}. */
public final class MetricsOptions {

  public static final ConfigOption<Integer> TENANTS_MAX =
      key("millrace.metrics.tenants-max")
          .intType()
          .defaultValue(50)
          .withDescription(
              "Tenants that a subtask's metrics name, the first ones it sees; the rest are"
                  + " \"other\". 0 to 10000.");

  private MetricsOptions() {}

  /**
   * @throws IllegalArgumentException naming the option
   */
  static void validate(Configuration configuration) {
    MillraceOptions.between(configuration, TENANTS_MAX, 0, 10_000);
  }
}
