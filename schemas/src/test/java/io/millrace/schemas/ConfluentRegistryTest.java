package io.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConfluentRegistryTest {
  private static final String SCHEMA = Prompt.getClassSchema().toString();
  private static final String NOT_FOUND =
      "{\"error_code\":40403,\"message\":\"Schema 9 not found\"}";

  static {
    // Or each answer waits 40 ms for an acknowledgement of its headers.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  private HttpServer server;
  private ExecutorService serverThreads;
  private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
  private final List<String> authorizations = Collections.synchronizedList(new ArrayList<>());
  private final CountDownLatch released = new CountDownLatch(1);
  private volatile int status = 200;
  private volatile String body = answer(SCHEMA, "");
  private volatile boolean hangs;
  private Instant now = Instant.EPOCH;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    serverThreads = Executors.newCachedThreadPool();
    server.setExecutor(serverThreads);
    server.start();
  }

  @AfterEach
  void stop() {
    released.countDown();
    server.stop(0);
    serverThreads.shutdownNow();
  }

  @Test
  void aSchemaIsAskedForOnce() throws FramingException {
    ConfluentRegistry registry = registry(Optional.empty(), Duration.ofSeconds(5));

    AvroCodec<Prompt> codec = new AvroCodec<>(Prompt.class, registry, 1 << 20);
    Prompt prompt = new RandomRecords(4).next(Prompt.class);
    assertThat(codec.decode(codec.encodeConfluent(prompt, 7))).isEqualTo(prompt);
    assertThat(codec.decode(codec.encodeConfluent(prompt, 7))).isEqualTo(prompt);

    assertThat(requests).containsExactly("GET /registry/schemas/ids/7");
    assertThat(authorizations).isEmpty();
    assertThat(registry.byFingerprint(1)).isEmpty();
  }

  @Test
  void credentialsAreSentAndNeverShown() throws FramingException {
    ConfluentRegistry registry =
        ConfluentRegistry.fromEnvironment(
            url(), Map.of(ConfluentRegistry.USER_INFO_VARIABLE, "me:secret"));
    assertThat(registry.byConfluentId(7)).isPresent();
    assertThat(authorizations).containsExactly("Basic bWU6c2VjcmV0");

    status = 401;
    assertThatThrownBy(() -> registry.byConfluentId(8))
        .hasMessage("schema id 8: the schema registry answered 401")
        .hasMessageNotContaining("secret");
    assertThatThrownBy(() -> ConfluentRegistry.fromEnvironment(withUser(), Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("secret");
  }

  @Test
  void anUnknownIdIsNotAskedForAgainAtOnce() throws FramingException {
    ConfluentRegistry registry = registry(Optional.empty(), Duration.ofSeconds(5));
    status = 404;
    body = NOT_FOUND;
    assertThat(registry.byConfluentId(9)).isEmpty();
    assertThat(registry.byConfluentId(9)).isEmpty();
    assertThat(requests).hasSize(1);

    status = 200;
    body = answer(SCHEMA, "");
    now = now.plus(ConfluentRegistry.UNKNOWN_ID_HOLD).plusMillis(1);
    assertThat(registry.byConfluentId(9)).isPresent();
  }

  @Test
  void afterAFailureTheRegistryIsLeftAloneForAWhile() throws FramingException {
    ConfluentRegistry registry = registry(Optional.empty(), Duration.ofSeconds(5));
    assertThat(registry.byConfluentId(1)).isPresent();
    status = 500;
    retryable(registry, 2, "answered 500");
    retryable(registry, 3, "answered 500");
    assertThat(requests).hasSize(2);
    assertThat(registry.byConfluentId(1)).isPresent();

    status = 200;
    now = now.plus(ConfluentRegistry.FAILURE_HOLD).plusMillis(1);
    assertThat(registry.byConfluentId(3)).isPresent();
  }

  @Test
  void aRegistryThatIsNotThereIsRetryable() {
    ConfluentRegistry registry = registry(Optional.empty(), Duration.ofSeconds(5));
    server.stop(0);
    retryable(registry, 1, "cannot be reached");
  }

  @Test
  void aRegistryThatDoesNotFinishItsAnswerIsRetryable() {
    hangs = true;
    ConfluentRegistry registry = registry(Optional.empty(), Duration.ofMillis(200));
    retryable(registry, 1, "did not answer in 200 ms");
  }

  @Test
  void answersWithoutAUsableSchemaAreTerminal() {
    terminal("no json", "is not JSON");
    terminal("{}", "holds no schema");
    terminal("", "holds no schema");
    terminal("{\"schema\":7}", "holds no schema");
    terminal(answer("{\"type\":\"recrod\"}", ""), "is not a valid Avro schema");
    terminal(answer(SCHEMA, ",\"schemaType\":\"PROTOBUF\""), "is not an Avro schema");
    terminal(
        answer(SCHEMA, ",\"references\":[{\"name\":\"a\",\"subject\":\"b\",\"version\":1}]"),
        "refers to other schemas");
    terminal(
        answer(SCHEMA, ",\"x\":\"" + "x".repeat(ConfluentRegistry.ANSWER_BYTES_MAX) + "\""),
        "more than 1048576 bytes");
    terminal(answer("[".repeat(200_000), ""), "is not a valid Avro schema");
  }

  @Test
  void theCacheIsBounded() throws FramingException {
    ConfluentRegistry registry = registry(Optional.empty(), Duration.ofSeconds(5));
    body = answer("\"string\"", "");
    for (int id = 0; id <= ConfluentRegistry.SCHEMAS_MAX; id++) {
      assertThat(registry.byConfluentId(id)).isPresent();
    }
    int before = requests.size();
    assertThat(registry.byConfluentId(ConfluentRegistry.SCHEMAS_MAX)).isPresent();
    assertThat(requests).hasSize(before);
    assertThat(registry.byConfluentId(0)).isPresent();
    assertThat(requests).hasSize(before + 1);
  }

  private ConfluentRegistry registry(Optional<String> userInfo, Duration timeout) {
    return new ConfluentRegistry(url(), userInfo, timeout, () -> now);
  }

  private URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/registry/");
  }

  private URI withUser() {
    return URI.create(url().toString().replace("//", "//me:secret@"));
  }

  private static void retryable(ConfluentRegistry registry, int id, String message) {
    assertThatThrownBy(() -> registry.byConfluentId(id))
        .isInstanceOfSatisfying(FramingException.class, e -> assertThat(e.retryable()).isTrue())
        .hasMessageContaining(message);
  }

  private void terminal(String answer, String message) {
    body = answer;
    ConfluentRegistry registry = registry(Optional.empty(), Duration.ofSeconds(5));
    int before = requests.size();
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> registry.byConfluentId(1))
          .isInstanceOfSatisfying(FramingException.class, e -> assertThat(e.retryable()).isFalse())
          .hasMessageContaining(message)
          .hasMessageNotContaining("\n");
    }
    assertThat(requests).hasSize(before + 1);
  }

  /** The registry's own form: the schema is JSON text within JSON. */
  private static String answer(String schema, String more) {
    return "{\"schema\":" + JsonNodeFactory.instance.textNode(schema) + more + "}";
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
      String authorization = exchange.getRequestHeaders().getFirst("Authorization");
      if (authorization != null) {
        authorizations.add(authorization);
      }
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().add("Content-Type", "application/vnd.schemaregistry.v1+json");
      exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
      if (hangs) {
        exchange.getResponseBody().write(bytes, 0, 1);
        exchange.getResponseBody().flush();
        await();
      }
      exchange.getResponseBody().write(bytes);
    }
  }

  private void await() throws IOException {
    try {
      released.await();
    } catch (InterruptedException e) {
      throw new IOException("stopped", e);
    }
  }
}
