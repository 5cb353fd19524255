package io.millrace.jobs.embedded;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.millrace.jobs.metrics.LlmText;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;

/**
 * Serves Flink's metrics to a Prometheus on this machine. Flink's own reporter listens on every
 * interface and cannot be told otherwise.
 */
final class LoopbackPrometheusReporter implements MetricReporter {

  private static final int BACKLOG = 16;
  private static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final LlmText llm = new LlmText();
  private final PrometheusText text = new PrometheusText();
  private final HttpServer server;
  private final ExecutorService executor;

  /**
   * @throws UncheckedIOException when the port is taken
   */
  LoopbackPrometheusReporter(int port) {
    try {
      server = HttpServer.create(new InetSocketAddress(Ports.LOOPBACK, port), BACKLOG);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot serve metrics on port " + port, e);
    }
    executor =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "metrics-http");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(executor);
    server.createContext("/", this::scrape);
    server.start();
  }

  @Override
  public void open(MetricConfig config) {}

  @Override
  public void notifyOfAddedMetric(Metric metric, String metricName, MetricGroup group) {
    // What the catalogue names is shown under its exact name and type, and once.
    if (!llm.add(metric, metricName, group)) {
      text.add(metric, metricName, group);
    }
  }

  @Override
  public void notifyOfRemovedMetric(Metric metric, String metricName, MetricGroup group) {
    llm.remove(metric, metricName);
    text.remove(metric, metricName, group);
  }

  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }

  private void scrape(HttpExchange exchange) throws IOException {
    byte[] body = (llm.scrape() + text.scrape()).getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", CONTENT_TYPE);
    exchange.sendResponseHeaders(200, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }
}
