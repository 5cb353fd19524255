package io.millrace.jobs.metrics;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.util.Properties;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;
import org.apache.flink.util.NetUtils;

/**
 * Makes the reporter of an embedded cluster and of a real one; Flink finds it as a service and
 * needs it public. Options, after {@code metrics.reporter.NAME.}:
 *
 * <pre>
 *   port          a port or a range, such as 9260-9269: several processes fit on one machine
 *   bind-address  127.0.0.1 unless told: nobody is asked for a password
 *   flinks-own    whether Flink's metrics are served, too, as a page of their own; false
 * </pre>
 */
public final class PrometheusReporterFactory implements MetricReporterFactory {
  public static final String BIND_ADDRESS = "bind-address";
  public static final String FLINKS_OWN = "flinks-own";

  /** Where the catalogue is served. */
  public static final String PATH = PrometheusReporter.PATH;

  /** Where Flink's metrics are served. */
  public static final String FLINK_PATH = PrometheusReporter.FLINK_PATH;

  private static final String PORTS = "9260-9269";

  /**
   * @throws UncheckedIOException when no port is free
   */
  @Override
  public MetricReporter createMetricReporter(Properties properties) {
    MetricConfig config = (MetricConfig) properties;
    try {
      return new PrometheusReporter(
          InetAddress.getByName(config.getString(BIND_ADDRESS, "127.0.0.1")),
          NetUtils.getPortRangeFromString(config.getString("port", PORTS)),
          config.getBoolean(FLINKS_OWN, false));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
