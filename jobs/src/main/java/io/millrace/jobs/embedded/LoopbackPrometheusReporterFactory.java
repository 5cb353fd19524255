package io.millrace.jobs.embedded;

import java.util.Properties;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/** Makes the reporter of an embedded cluster; Flink finds it as a service and needs it public. */
public final class LoopbackPrometheusReporterFactory implements MetricReporterFactory {

  @Override
  public MetricReporter createMetricReporter(Properties properties) {
    MetricConfig config = (MetricConfig) properties;
    return new LoopbackPrometheusReporter(Integer.parseInt(config.getString("port", "9249")));
  }
}
