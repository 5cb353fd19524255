package io.millrace.jobs.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.embedded.Ports;
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

/** An Alertmanager of Debian's or the project's own package, on a free port of loopback. */
public final class AlertmanagerProcess implements AutoCloseable {
  private static final Duration READY_MAX = Duration.ofSeconds(120);
  private static final Duration ANSWER_MAX = Duration.ofSeconds(30);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final HttpClient http = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper();
  private final Process process;
  private final int port;
  private final Path log;

  private AlertmanagerProcess(Process process, int port, Path log) {
    this.process = process;
    this.port = port;
    this.log = log;
  }

  public static boolean isInstalled() {
    return program() != null;
  }

  /**
   * Returns when it is ready.
   *
   * @param directory for its data and log
   * @param config its configuration file
   */
  public static AlertmanagerProcess start(Path directory, Path config)
      throws IOException, InterruptedException {
    Files.createDirectories(directory);
    int port = Ports.choose(0, "a port");
    Path log = directory.resolve("alertmanager.log");
    Process process =
        new ProcessBuilder(
                List.of(
                    program(),
                    "--config.file=" + config,
                    "--storage.path=" + directory.resolve("data"),
                    "--web.listen-address=127.0.0.1:" + port,
                    "--cluster.listen-address="))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    AlertmanagerProcess alertmanager = new AlertmanagerProcess(process, port, log);
    try {
      alertmanager.awaitReady();
      return alertmanager;
    } catch (IOException | InterruptedException | RuntimeException e) {
      alertmanager.close();
      throw e;
    }
  }

  /** {@code host:port}. */
  public String address() {
    return "127.0.0.1:" + port;
  }

  /** The alerts of this name that are active now, with their labels, annotations and receivers. */
  public JsonNode alerts(String name) throws IOException, InterruptedException {
    String filter = URLEncoder.encode("alertname=\"" + name + "\"", UTF_8);
    HttpResponse<String> response =
        http.send(
            HttpRequest.newBuilder(
                    URI.create("http://" + address() + "/api/v2/alerts?filter=" + filter))
                .timeout(ANSWER_MAX)
                .build(),
            HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException(response.statusCode() + ": " + response.body());
    }
    return json.readTree(response.body());
  }

  private void awaitReady() throws IOException, InterruptedException {
    HttpRequest ready =
        HttpRequest.newBuilder(URI.create("http://" + address() + "/-/ready"))
            .timeout(ANSWER_MAX)
            .build();
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < READY_MAX.toNanos()) {
      if (!process.isAlive()) {
        throw new IOException("alertmanager ended: " + Files.readString(log));
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
    throw new IOException("alertmanager is not ready: " + Files.readString(log));
  }

  private static String program() {
    return Stream.of("prometheus-alertmanager", "alertmanager")
        .filter(name -> new InstalledProgram(name).isInstalled())
        .findFirst()
        .orElse(null);
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
