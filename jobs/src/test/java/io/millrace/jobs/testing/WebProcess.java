package io.millrace.jobs.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.embedded.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A server of Prometheus' family: a process on a free port of loopback that answers in JSON. */
final class WebProcess implements AutoCloseable {
  private static final Duration READY_MAX = Duration.ofMinutes(2);
  private static final Duration ANSWER_MAX = Duration.ofSeconds(30);
  private static final Duration END_MAX = Duration.ofSeconds(10);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final HttpClient http = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper();
  private final Process process;
  private final String address;
  private final Path log;

  /** The command that has it listen on {@code host:port}. */
  interface Command {
    List<String> listeningOn(String address);
  }

  private WebProcess(Process process, String address, Path log) {
    this.process = process;
    this.address = address;
    this.log = log;
  }

  /** Returns when it is ready. */
  static WebProcess start(Path log, Command command) throws IOException, InterruptedException {
    Files.createDirectories(log.getParent());
    String address = "127.0.0.1:" + Ports.choose(0, "a port");
    Process process =
        new ProcessBuilder(command.listeningOn(address))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    WebProcess server = new WebProcess(process, address, log);
    try {
      server.awaitReady();
      return server;
    } catch (IOException | InterruptedException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  /** {@code host:port}. */
  String address() {
    return address;
  }

  /**
   * What it answers.
   *
   * @throws IOException with its own words, if it refuses
   */
  JsonNode get(String pathAndQuery) throws IOException, InterruptedException {
    HttpResponse<String> response =
        http.send(request(pathAndQuery), HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException(response.statusCode() + ": " + response.body());
    }
    return json.readTree(response.body());
  }

  private HttpRequest request(String pathAndQuery) {
    return HttpRequest.newBuilder(URI.create("http://" + address + pathAndQuery))
        .timeout(ANSWER_MAX)
        .build();
  }

  private void awaitReady() throws IOException, InterruptedException {
    HttpRequest ready = request("/-/ready");
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < READY_MAX.toNanos()) {
      if (!process.isAlive()) {
        throw new IOException("it ended: " + Files.readString(log));
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
    throw new IOException("it is not ready: " + Files.readString(log));
  }

  /** Ends this process and no other. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(END_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
