package io.millrace.jobs.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.file.Path;
import java.util.List;

/** A Prometheus of Debian's package of this name, on a free port of the loopback interface. */
public final class PrometheusProcess implements AutoCloseable {
  private static final String PROGRAM = "prometheus";

  private final WebProcess server;

  private PrometheusProcess(WebProcess server) {
    this.server = server;
  }

  public static boolean isInstalled() {
    return new InstalledProgram(PROGRAM).isInstalled();
  }

  /**
   * Returns when it is ready.
   *
   * @param directory for its data and log
   * @param config its configuration file; relative paths in it are relative to the file
   */
  public static PrometheusProcess start(Path directory, Path config)
      throws IOException, InterruptedException {
    return new PrometheusProcess(
        WebProcess.start(
            directory.resolve("prometheus.log"),
            address ->
                List.of(
                    PROGRAM,
                    "--config.file=" + config,
                    "--storage.tsdb.path=" + directory.resolve("data"),
                    "--web.listen-address=" + address)));
  }

  /**
   * A configuration that reads the pages every second.
   *
   * @param pages where metrics are
   */
  public static String scraping(List<URI> pages) {
    StringBuilder config =
        new StringBuilder(
            """
            global:
              scrape_interval: 1s
              scrape_timeout: 1s
              evaluation_interval: 1s
            scrape_configs:
            """);
    for (URI page : pages) {
      config.append(
          """
            - job_name: "%s"
              metrics_path: %s
              static_configs:
                - targets: ["%s"]
          """
              .formatted(page, page.getPath(), page.getAuthority()));
    }
    return config.toString();
  }

  /** {@code http://host:port}. */
  public String url() {
    return "http://" + server.address();
  }

  /**
   * The result of a query as of now: an array, empty where nothing matches.
   *
   * @throws IOException with Prometheus' own words, if it refuses the query
   */
  public JsonNode query(String expression) throws IOException, InterruptedException {
    return get("/api/v1/query?query=" + URLEncoder.encode(expression, UTF_8)).at("/data/result");
  }

  /** What it answers, JSON. */
  public JsonNode get(String pathAndQuery) throws IOException, InterruptedException {
    return server.get(pathAndQuery);
  }

  @Override
  public void close() {
    server.close();
  }
}
