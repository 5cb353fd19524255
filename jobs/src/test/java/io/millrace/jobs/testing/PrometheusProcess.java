package io.millrace.jobs.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.embedded.Ports;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A Prometheus of Debian's package of this name, on a free port of the loopback interface. */
public final class PrometheusProcess implements AutoCloseable {
  private static final Duration READY_MAX = Duration.ofMinutes(2);
  private static final Duration ANSWER_MAX = Duration.ofSeconds(30);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final HttpClient http = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper();
  private final Process process;
  private final String url;
  private final Path log;

  private PrometheusProcess(Process process, int port, Path log) {
    this.process = process;
    this.url = "http://127.0.0.1:" + port;
    this.log = log;
  }

  public static boolean isInstalled() {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, "prometheus")));
  }

  /**
   * Returns when it is ready.
   *
   * @param directory for its data and log
   * @param config its configuration file; relative paths in it are relative to the file
   */
  public static PrometheusProcess start(Path directory, Path config)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    int port = Ports.choose(0, "a port");
    Path log = directory.resolve("prometheus.log");
    Process process =
        new ProcessBuilder(
                List.of(
                    "prometheus",
                    "--config.file=" + config,
                    "--storage.tsdb.path=" + directory.resolve("data"),
                    "--web.listen-address=127.0.0.1:" + port))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    PrometheusProcess prometheus = new PrometheusProcess(process, port, log);
    try {
      prometheus.awaitReady();
      return prometheus;
    } catch (IOException | InterruptedException | RuntimeException e) {
      prometheus.close();
      throw e;
    }
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
    return url;
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
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + pathAndQuery)).timeout(ANSWER_MAX).build();
    HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException(response.statusCode() + ": " + response.body());
    }
    return json.readTree(response.body());
  }

  private void awaitReady() throws IOException, InterruptedException {
    HttpRequest ready =
        HttpRequest.newBuilder(URI.create(url + "/-/ready")).timeout(ANSWER_MAX).build();
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < READY_MAX.toNanos()) {
      if (!process.isAlive()) {
        throw new IOException("prometheus ended: " + Files.readString(log));
      }
      try {
        if (http.send(ready, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
          return;
        }
      } catch (IOException e) {
        // it does not listen yet
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
    throw new IOException("prometheus is not ready: " + Files.readString(log));
  }

  /** Ends this process and no other. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
