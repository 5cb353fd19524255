package io.millrace.jobs.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** An Alertmanager of Debian's or the project's own package, on a free port of loopback. */
public final class AlertmanagerProcess implements AutoCloseable {
  private final WebProcess server;

  private AlertmanagerProcess(WebProcess server) {
    this.server = server;
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
    return new AlertmanagerProcess(
        WebProcess.start(
            directory.resolve("alertmanager.log"),
            address ->
                List.of(
                    program(),
                    "--config.file=" + config,
                    "--storage.path=" + directory.resolve("data"),
                    "--web.listen-address=" + address,
                    "--cluster.listen-address=")));
  }

  /** {@code host:port}. */
  public String address() {
    return server.address();
  }

  /** The alerts of this name that are active now, with their labels, annotations and receivers. */
  public JsonNode alerts(String name) throws IOException, InterruptedException {
    return server.get(
        "/api/v2/alerts?filter=" + URLEncoder.encode("alertname=\"" + name + "\"", UTF_8));
  }

  private static String program() {
    return Stream.of("prometheus-alertmanager", "alertmanager")
        .filter(name -> new InstalledProgram(name).isInstalled())
        .findFirst()
        .orElse(null);
  }

  @Override
  public void close() {
    server.close();
  }
}
