package io.millrace.jobs.cli.page;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.millrace.jobs.embedded.Ports;
import io.millrace.jobs.embedded.StartupException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Serves files and answers on the loopback interface, to browsers that were sent to it and to
 * nobody's page but its own.
 */
final class PageServer implements AutoCloseable {
  private static final int THREADS = 4;
  private static final int WAITING_MAX = 64;

  /** Names of this machine; a page elsewhere whose name leads here has another one. */
  private static final Set<String> HOSTS = Set.of("127.0.0.1", "localhost", "[::1]");

  /**
   * What is sent.
   *
   * @param type media type
   */
  record Content(String type, byte[] body) {}

  private final HttpServer server;
  private final ThreadPoolExecutor threads;

  /**
   * Begins to serve.
   *
   * @param port 0 for a free one
   * @param option the command line's option that chooses it
   * @param pages by path; each is given the query, and null says that there is no such thing
   * @throws StartupException when the port is taken
   */
  PageServer(int port, String option, Map<String, Function<String, Content>> pages) {
    int chosen = Ports.choose(port, option);
    try {
      server = HttpServer.create(new InetSocketAddress(Ports.LOOPBACK, chosen), WAITING_MAX);
    } catch (IOException e) {
      throw new StartupException("port " + chosen + " is in use; choose another with " + option, e);
    }
    threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            1,
            TimeUnit.MINUTES,
            new ArrayBlockingQueue<>(WAITING_MAX),
            task -> Sampler.daemon(task, "page-http"));
    threads.allowCoreThreadTimeOut(true);
    server.setExecutor(threads);
    server.createContext("/", exchange -> serve(exchange, pages));
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  /** A file of the class path. */
  static Content resource(String type, String path) {
    try (InputStream in = PageServer.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + path);
      }
      return new Content(type, in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void serve(HttpExchange exchange, Map<String, Function<String, Content>> pages)
      throws IOException {
    try (exchange) {
      guard(exchange.getResponseHeaders());
      String host = exchange.getRequestHeaders().getFirst("Host");
      if (host == null || !HOSTS.contains(host.replaceFirst(":\\d+$", ""))) {
        exchange.sendResponseHeaders(403, -1);
        return;
      }
      String method = exchange.getRequestMethod();
      if (!method.equals("GET") && !method.equals("HEAD")) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        exchange.sendResponseHeaders(405, -1);
        return;
      }
      Function<String, Content> page = pages.get(exchange.getRequestURI().getPath());
      String query = exchange.getRequestURI().getQuery();
      Content content = page == null ? null : page.apply(query == null ? "" : query);
      if (content == null) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      exchange.getResponseHeaders().set("Content-Type", content.type());
      if (method.equals("HEAD")) {
        exchange.sendResponseHeaders(200, -1);
        return;
      }
      exchange.sendResponseHeaders(200, content.body().length);
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(content.body());
      }
    }
  }

  /** Only what comes from here is run, shown and asked; nobody puts the page into theirs. */
  private static void guard(Headers headers) {
    headers.set(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
            + " img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("Referrer-Policy", "no-referrer");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Cache-Control", "no-store");
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
