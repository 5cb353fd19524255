package io.millrace.jobs.testing;

import static org.assertj.core.api.Assertions.fail;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A receiver of traces: OTLP over HTTP, in protobuf. */
public final class OtlpReceiver implements AutoCloseable {
  private static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(120);
  private static final int NEVER = -1;

  /** In the order in which they came. */
  public final List<Span> spans = new CopyOnWriteArrayList<>();

  /** Requests, as they came. */
  public final List<ExportTraceServiceRequest> requests = new CopyOnWriteArrayList<>();

  /** The x-api-key header of each request. */
  public final List<String> keys = new CopyOnWriteArrayList<>();

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;
  private volatile int status;

  private OtlpReceiver(int status) throws IOException {
    this.status = status;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/v1/traces", this::receive);
    server.start();
  }

  public static OtlpReceiver start() throws IOException {
    return new OtlpReceiver(200);
  }

  /** One that takes requests and never answers. */
  public static OtlpReceiver silent() throws IOException {
    return new OtlpReceiver(NEVER);
  }

  /** One that refuses, quoting what it was sent. */
  public static OtlpReceiver refusing(int status) throws IOException {
    return new OtlpReceiver(status);
  }

  /** From now on it takes what comes. */
  public void recover() {
    status = 200;
  }

  public String endpoint() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1/traces";
  }

  /** Whether a text is anywhere in what was sent. */
  public synchronized boolean received(String text) {
    return bytes.toString(StandardCharsets.UTF_8).contains(text);
  }

  /** Waits until so many spans came. */
  public List<Span> await(int count) {
    long begin = System.nanoTime();
    while (spans.size() < count) {
      if (System.nanoTime() - begin > MAX_NANOS) {
        fail("%d of %d spans", spans.size(), count);
      }
      LockSupport.parkNanos(this, TimeUnit.MILLISECONDS.toNanos(1));
    }
    return spans;
  }

  /** A span's attributes, as texts. */
  public static Map<String, String> attributes(Span span) {
    return attributes(span.getAttributesList());
  }

  /** The attributes of a span's event; null if there is no such event. */
  public static Map<String, String> event(Span span, String name) {
    return span.getEventsList().stream()
        .filter(event -> event.getName().equals(name))
        .findFirst()
        .map(event -> attributes(event.getAttributesList()))
        .orElse(null);
  }

  private static Map<String, String> attributes(List<KeyValue> list) {
    Map<String, String> attributes = new TreeMap<>();
    list.forEach(pair -> attributes.put(pair.getKey(), text(pair.getValue())));
    return attributes;
  }

  private static String text(AnyValue value) {
    return switch (value.getValueCase()) {
      case STRING_VALUE -> value.getStringValue();
      case INT_VALUE -> Long.toString(value.getIntValue());
      case DOUBLE_VALUE -> Double.toString(value.getDoubleValue());
      case BOOL_VALUE -> Boolean.toString(value.getBoolValue());
      case ARRAY_VALUE ->
          value.getArrayValue().getValuesList().stream()
              .map(OtlpReceiver::text)
              .toList()
              .toString();
      default -> throw new AssertionError("no attribute is of type " + value.getValueCase());
    };
  }

  private void receive(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      synchronized (this) {
        bytes.write(body);
      }
      String key = exchange.getRequestHeaders().getFirst("x-api-key");
      keys.add(String.valueOf(key));
      if (status == NEVER) {
        closed.await();
        return;
      }
      byte[] reply = ("refused: " + key).getBytes(StandardCharsets.UTF_8);
      if (status == 200) {
        ExportTraceServiceRequest request = ExportTraceServiceRequest.parseFrom(body);
        requests.add(request);
        request
            .getResourceSpansList()
            .forEach(r -> r.getScopeSpansList().forEach(s -> spans.addAll(s.getSpansList())));
        reply = ExportTraceServiceResponse.getDefaultInstance().toByteArray();
      }
      exchange.sendResponseHeaders(status, reply.length == 0 ? -1 : reply.length);
      exchange.getResponseBody().write(reply);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
