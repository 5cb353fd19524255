package io.millrace.schemas;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;

/**
 * Schemas by id from a schema registry with Confluent's interface: {@code GET
 * {url}/schemas/ids/{id}}.
 *
 * <p>What an id means never changes, so answers are kept, the most recently used ones. An id that
 * the registry does not know is asked for again after a minute at the earliest, and a registry that
 * does not answer after a second: a topic full of such records does not become a flood of requests,
 * nor every record a wait. One thread asks at a time; the others wait for it.
 */
public final class ConfluentRegistry implements SchemaSource {
  /** The environment's variable with {@code user:password}, as Confluent's own tools call it. */
  public static final String USER_INFO_VARIABLE = "SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO";

  /** Schemas kept. */
  static final int SCHEMAS_MAX = 256;

  /** Most bytes of an answer. */
  static final int ANSWER_BYTES_MAX = 1 << 20;

  static final Duration UNKNOWN_ID_HOLD = Duration.ofMinutes(1);
  static final Duration FAILURE_HOLD = Duration.ofSeconds(1);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final String url;
  private final Optional<String> authorization;
  private final Duration timeout;
  private final InstantSource clock;
  private final HttpClient http;
  private final Map<Integer, Lookup> lookups = new LinkedHashMap<>(16, 0.75f, true);
  private Lookup failure = Lookup.NONE;

  /** What came of a request: a schema, or an error that stands for a while. */
  private record Lookup(Schema schema, FramingException error, Instant until) {
    static final Lookup NONE = new Lookup(null, null, Instant.MIN);
  }

  /**
   * @param url the registry's address, http or https, without a user or password
   * @param userInfo {@code user:password} for basic authentication
   * @param timeout for one request, from connecting to the answer's last byte
   * @param clock for the times after which is asked again
   * @throws IllegalArgumentException when the address is unusable
   */
  public ConfluentRegistry(
      URI url, Optional<String> userInfo, Duration timeout, InstantSource clock) {
    if (url.getHost() == null
        || !("http".equalsIgnoreCase(url.getScheme())
            || "https".equalsIgnoreCase(url.getScheme()))) {
      throw new IllegalArgumentException("a schema registry's URL starts with http:// or https://");
    }
    if (url.getUserInfo() != null || url.getQuery() != null || url.getFragment() != null) {
      throw new IllegalArgumentException(
          "a schema registry's URL has no user, query or fragment; give credentials in "
              + USER_INFO_VARIABLE);
    }
    this.url = url.toString().replaceAll("/+$", "");
    this.authorization =
        userInfo.map(
            info ->
                "Basic "
                    + Base64.getEncoder().encodeToString(info.getBytes(StandardCharsets.UTF_8)));
    this.timeout = timeout;
    this.clock = clock;
    this.http =
        HttpClient.newBuilder()
            .connectTimeout(timeout)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  /** With a time-out of 5 seconds and the credentials from {@link #USER_INFO_VARIABLE}, if set. */
  public static ConfluentRegistry fromEnvironment(URI url, Map<String, String> environment) {
    return new ConfluentRegistry(
        url,
        Optional.ofNullable(environment.get(USER_INFO_VARIABLE)).filter(info -> !info.isEmpty()),
        Duration.ofSeconds(5),
        InstantSource.system());
  }

  /** Knows no fingerprints: a registry has no request for them. */
  @Override
  public Optional<Schema> byFingerprint(long fingerprint) {
    return Optional.empty();
  }

  @Override
  public synchronized Optional<Schema> byConfluentId(int id) throws FramingException {
    Instant now = clock.instant();
    Lookup lookup = lookups.get(id);
    if (lookup == null || now.isAfter(lookup.until())) {
      if (!now.isAfter(failure.until())) {
        throw failure.error();
      }
      lookup = ask(id);
      lookups.put(id, lookup);
      if (lookups.size() > SCHEMAS_MAX) {
        lookups.remove(lookups.keySet().iterator().next());
      }
    }
    if (lookup.error() != null) {
      throw lookup.error();
    }
    return Optional.ofNullable(lookup.schema());
  }

  private Lookup ask(int id) throws FramingException {
    String name = "schema id " + Integer.toUnsignedString(id);
    HttpResponse<Optional<byte[]>> answer = request(id, name);
    if (answer.statusCode() == 404) {
      return new Lookup(null, null, clock.instant().plus(UNKNOWN_ID_HOLD));
    }
    if (answer.statusCode() != 200) {
      throw hold(name + ": the schema registry answered " + answer.statusCode(), null);
    }
    try {
      if (answer.body().isEmpty()) {
        throw FramingException.terminal(
            name + ": the registry's answer has more than " + ANSWER_BYTES_MAX + " bytes");
      }
      return new Lookup(schemaIn(answer.body().get(), name), null, Instant.MAX);
    } catch (FramingException e) {
      return new Lookup(null, e, clock.instant().plus(UNKNOWN_ID_HOLD));
    }
  }

  private HttpResponse<Optional<byte[]>> request(int id, String name) throws FramingException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url + "/schemas/ids/" + id))
            .timeout(timeout)
            .header("Accept", "application/vnd.schemaregistry.v1+json, application/json");
    authorization.ifPresent(value -> request.header("Authorization", value));
    CompletableFuture<HttpResponse<Optional<byte[]>>> answer =
        http.sendAsync(request.build(), info -> new BoundedBody(ANSWER_BYTES_MAX));
    try {
      return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw tooSlow(name, e);
    } catch (ExecutionException e) {
      // The client has a clock of its own, which may be the first to run out.
      if (e.getCause() instanceof HttpTimeoutException) {
        throw tooSlow(name, e.getCause());
      }
      throw hold(name + ": the schema registry cannot be reached", e.getCause());
    } catch (InterruptedException e) {
      answer.cancel(true);
      Thread.currentThread().interrupt();
      throw FramingException.retryable(name + ": interrupted while asking the schema registry", e);
    }
  }

  private FramingException tooSlow(String name, Throwable cause) {
    return hold(
        name + ": the schema registry did not answer in " + timeout.toMillis() + " ms", cause);
  }

  /** A failure that stands for all ids for a while. */
  private FramingException hold(String message, Throwable cause) {
    FramingException error = FramingException.retryable(message, cause);
    failure = new Lookup(null, error, clock.instant().plus(FAILURE_HOLD));
    return error;
  }

  private static Schema schemaIn(byte[] body, String name) throws FramingException {
    try {
      JsonNode answer = JSON.readTree(body);
      JsonNode schema = answer == null ? null : answer.get("schema");
      if (schema == null || !schema.isTextual()) {
        throw FramingException.terminal(name + ": the registry's answer holds no schema");
      }
      // Absent for Avro; JSON and PROTOBUF are named.
      String type = answer.path("schemaType").asText("AVRO");
      if (!type.equals("AVRO")) {
        throw FramingException.terminal(name + " is not an Avro schema");
      }
      if (!answer.path("references").isEmpty()) {
        throw FramingException.terminal(
            name + " refers to other schemas; register it with its types written out");
      }
      return new Schema.Parser().parse(schema.textValue());
    } catch (JacksonException e) {
      throw FramingException.terminal(name + ": the registry's answer is not JSON", e);
    } catch (IOException e) {
      throw FramingException.terminal(name + ": the registry's answer cannot be read", e);
    } catch (AvroRuntimeException | StackOverflowError e) {
      throw FramingException.terminal(name + " is not a valid Avro schema", e);
    }
  }
}
