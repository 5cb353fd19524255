package io.millrace.jobs.metrics;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves the catalogue to Prometheus under its exact names and types, which Flink's own reporter
 * cannot give. Where that one is not to run, for it listens on every interface and cannot be told
 * otherwise, Flink's metrics have a page beside.
 */
final class PrometheusReporter implements MetricReporter {
  static final String PATH = "/metrics";
  static final String FLINK_PATH = PATH + "/flink";

  private static final Logger LOG = LoggerFactory.getLogger(PrometheusReporter.class);

  private static final int BACKLOG = 16;

  /** So that one reader that is slow keeps no other waiting. */
  private static final int THREADS = 3;

  private static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final LlmText llm = new LlmText();

  /** Null where Flink's own reporter serves them. */
  private final FlinkText flink;

  private final HttpServer server;
  private final ExecutorService executor;

  /**
   * @param ports the first free one is taken
   * @param flinksOwn whether Flink's metrics are served, too
   * @throws IOException when no port is free
   */
  PrometheusReporter(InetAddress address, Iterator<Integer> ports, boolean flinksOwn)
      throws IOException {
    this.flink = flinksOwn ? new FlinkText() : null;
    this.server = listening(address, ports);
    this.executor =
        Executors.newFixedThreadPool(
            THREADS,
            task -> {
              Thread thread = new Thread(task, "metrics-http");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(executor);
    server.createContext(PATH, exchange -> answer(exchange, llm.scrape()));
    if (flinksOwn) {
      server.createContext(FLINK_PATH, exchange -> answer(exchange, flink.scrape()));
    }
    server.start();
    LOG.info("Metrics on {}", server.getAddress());
  }

  private static HttpServer listening(InetAddress address, Iterator<Integer> ports)
      throws IOException {
    IOException taken = new IOException("no port to serve metrics on");
    while (ports.hasNext()) {
      int port = ports.next();
      try {
        return HttpServer.create(new InetSocketAddress(address, port), BACKLOG);
      } catch (IOException e) {
        taken = new IOException("cannot serve metrics on port " + port, e);
      }
    }
    throw taken;
  }

  /** Where it listens. */
  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void open(MetricConfig config) {}

  @Override
  public void notifyOfAddedMetric(Metric metric, String metricName, MetricGroup group) {
    // What the catalogue names is shown under its exact name and type, and once.
    if (!llm.add(metric, metricName, group) && flink != null) {
      flink.add(metric, metricName, group);
    }
  }

  @Override
  public void notifyOfRemovedMetric(Metric metric, String metricName, MetricGroup group) {
    llm.remove(metric, metricName);
    if (flink != null) {
      flink.remove(metric, metricName, group);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }

  private static void answer(HttpExchange exchange, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", CONTENT_TYPE);
    // An empty body has no length to tell: 0 would mean that more comes.
    exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }
}
