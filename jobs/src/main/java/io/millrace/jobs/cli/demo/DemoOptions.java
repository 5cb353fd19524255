package io.millrace.jobs.cli.demo;

import io.millrace.jobs.CostOptions;
import io.millrace.jobs.MillraceOptions;
import io.millrace.jobs.ledger.LedgerOptions;
import java.time.Duration;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;

/** What a demo of a minute sets, where nobody else did: hours of history are not to be had. */
public final class DemoOptions {
  private DemoOptions() {}

  /** Adds to the options those that are not set. */
  public static Configuration of(Configuration options) {
    unlessSet(options, MillraceOptions.ANOMALY_WINDOW, Duration.ofSeconds(5));
    unlessSet(options, MillraceOptions.ANOMALY_OUT_OF_ORDER_MAX, Duration.ofSeconds(2));
    unlessSet(options, MillraceOptions.ANOMALY_COST_MIN_USD, 1e-6);
    unlessSet(options, CostOptions.HEARTBEAT_INTERVAL, Duration.ofSeconds(1));
    unlessSet(options, CostOptions.IDLE_INTERVAL, Duration.ofSeconds(1));
    unlessSet(options, LedgerOptions.INTERVAL, Duration.ofSeconds(2));
    return options;
  }

  private static <T> void unlessSet(Configuration options, ConfigOption<T> option, T value) {
    if (!options.contains(option)) {
      options.set(option, value);
    }
  }
}
