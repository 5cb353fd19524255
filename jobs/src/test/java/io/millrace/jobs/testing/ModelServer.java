package io.millrace.jobs.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * A server of models that only shout, by OpenAI's chat completions and by Anthropic's messages,
 * streamed. A token is a character. {@code main} serves until it is ended.
 */
public final class ModelServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int CALLS_MAX = 1_000_000;

  /** The bodies of the calls, in the order in which they came. */
  public final List<JsonNode> calls = new CopyOnWriteArrayList<>();

  /** The header with the key, of each call. */
  public final List<String> keys = new CopyOnWriteArrayList<>();

  /** Calls take one each before they are answered. */
  public final Semaphore answers;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer server;
  private volatile int refusals;

  private ModelServer(int port, int answersAtFirst) throws IOException {
    answers = new Semaphore(answersAtFirst);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.setExecutor(threads);
    server.createContext("/v1/chat/completions", exchange -> answer(exchange, false));
    server.createContext("/v1/messages", exchange -> answer(exchange, true));
    server.start();
  }

  /** A server that answers at once. */
  public static ModelServer start() throws IOException {
    return new ModelServer(0, CALLS_MAX);
  }

  /** A server whose calls wait until {@link #answers} lets them go on. */
  public static ModelServer waiting() throws IOException {
    return new ModelServer(0, 0);
  }

  /** From now on it answers so many calls with a server's error first. */
  public void refuse(int calls) {
    refusals = calls;
  }

  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
  }

  private void answer(HttpExchange exchange, boolean anthropic) throws IOException {
    try (exchange) {
      JsonNode body = JSON.readTree(exchange.getRequestBody());
      String key = anthropic ? "x-api-key" : "Authorization";
      keys.add(String.valueOf(exchange.getRequestHeaders().getFirst(key)));
      calls.add(body);
      answers.acquire();
      if (refused()) {
        exchange.sendResponseHeaders(500, -1);
        return;
      }
      String stream = anthropic ? anthropic(body) : openAi(body);
      exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write(stream.getBytes(StandardCharsets.UTF_8));
      exchange.getResponseBody().close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean refused() {
    return refusals > 0 && refusals-- > 0;
  }

  private static String shout(JsonNode body, boolean anthropic) {
    JsonNode content = body.path("messages").path(body.path("messages").size() - 1).path("content");
    String text = anthropic ? content.path(0).path("text").asText() : content.asText();
    return text.toUpperCase(Locale.ROOT);
  }

  private static String openAi(JsonNode body) {
    String text = shout(body, false);
    String model = body.path("model").asText();
    StringBuilder stream = new StringBuilder();
    for (String part :
        List.of(text.substring(0, text.length() / 2), text.substring(text.length() / 2))) {
      ObjectNode chunk = chunk(model);
      chunk.putArray("choices").addObject().put("index", 0).putObject("delta").put("content", part);
      event(stream, chunk);
    }
    ObjectNode end = chunk(model);
    end.putArray("choices")
        .addObject()
        .put("index", 0)
        .put("finish_reason", "stop")
        .putObject("delta");
    event(stream, end);
    ObjectNode usage = chunk(model);
    usage.putArray("choices");
    int prompt = text.length() + 20;
    usage
        .putObject("usage")
        .put("prompt_tokens", prompt)
        .put("completion_tokens", text.length())
        .put("total_tokens", prompt + text.length())
        .putObject("prompt_tokens_details")
        .put("cached_tokens", 16);
    event(stream, usage);
    return stream.append("data: [DONE]\n\n").toString();
  }

  private static ObjectNode chunk(String model) {
    return JSON.createObjectNode()
        .put("id", "chatcmpl-test")
        .put("object", "chat.completion.chunk")
        .put("model", model);
  }

  private static String anthropic(JsonNode body) {
    String text = shout(body, true);
    StringBuilder stream = new StringBuilder();
    ObjectNode start = JSON.createObjectNode().put("type", "message_start");
    start
        .putObject("message")
        .put("model", body.path("model").asText())
        .putObject("usage")
        .put("input_tokens", text.length() + 4)
        .put("cache_read_input_tokens", 16)
        .put("cache_creation_input_tokens", 0)
        .put("output_tokens", 1)
        .put("service_tier", "standard");
    event(stream, start);
    ObjectNode block = JSON.createObjectNode().put("type", "content_block_start").put("index", 0);
    block.putObject("content_block").put("type", "text").put("text", "");
    event(stream, block);
    ObjectNode delta = JSON.createObjectNode().put("type", "content_block_delta").put("index", 0);
    delta.putObject("delta").put("type", "text_delta").put("text", text);
    event(stream, delta);
    ObjectNode end = JSON.createObjectNode().put("type", "message_delta");
    end.putObject("delta").put("stop_reason", "end_turn");
    end.putObject("usage").put("output_tokens", text.length());
    event(stream, end);
    event(stream, JSON.createObjectNode().put("type", "message_stop"));
    return stream.toString();
  }

  private static void event(StringBuilder stream, ObjectNode event) {
    if (event.has("type")) {
      stream.append("event: ").append(event.get("type").asText()).append('\n');
    }
    stream.append("data: ").append(event).append("\n\n");
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  /** Serves on a port until it is ended: to try things by hand. */
  public static void main(String[] args) throws IOException {
    try {
      System.out.println(new ModelServer(Integer.parseInt(args[0]), CALLS_MAX).url());
    } catch (NumberFormatException e) {
      System.err.println("usage: ModelServer PORT");
    }
  }
}
