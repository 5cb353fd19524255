package io.millrace.engine.remote;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.http.HttpRequest;
import java.util.Set;

/**
 * Anthropic's messages, streamed. A request in OpenAI's form is translated: system messages to
 * {@code system}, tool calls and their results to content blocks, a JSON schema to {@code
 * output_config}. What Anthropic has no word for is refused and not dropped.
 */
public record AnthropicProtocol() implements RemoteProtocol {
  private static final String VERSION = "2023-06-01";

  /** Means the same to both. */
  private static final Set<String> SAME = Set.of("temperature", "top_p", "top_k");

  @Override
  public String name() {
    return "anthropic";
  }

  @Override
  public String path() {
    return "messages";
  }

  @Override
  public void addHeaders(HttpRequest.Builder request, ApiKey key) {
    request.header("anthropic-version", VERSION);
    if (!key.isNone()) {
      request.header("x-api-key", key.value());
    }
  }

  @Override
  public ObjectNode body(ObjectNode chat, String remoteModel) {
    ObjectNode body = StreamJson.MAPPER.createObjectNode();
    body.put("model", remoteModel).put("stream", true);
    for (var field : chat.properties()) {
      JsonNode value = field.getValue();
      switch (field.getKey()) {
        case "messages" -> new AnthropicMessages(body).add(value);
        case OpenAiProtocol.MAX_TOKENS -> body.set("max_tokens", value);
        case "stop" -> body.set("stop_sequences", value);
        case "tools" -> body.set("tools", tools(value));
        case "tool_choice" -> body.putObject("tool_choice").put("type", value.asText());
        case "response_format" -> format(body, value);
        case "service_tier" -> body.put("service_tier", tier(value.asText()));
        default -> {
          if (!SAME.contains(field.getKey())) {
            throw new IllegalArgumentException(field.getKey() + " is nothing that Anthropic knows");
          }
          body.set(field.getKey(), value);
        }
      }
    }
    if (body.path("temperature").asDouble() > 1) {
      throw new IllegalArgumentException(
          "temperature is " + body.get("temperature") + ", must be 0 to 1 for Anthropic");
    }
    return body;
  }

  private static ArrayNode tools(JsonNode openAi) {
    ArrayNode tools = StreamJson.MAPPER.createArrayNode();
    for (JsonNode tool : openAi) {
      JsonNode function = tool.path("function");
      ObjectNode node = tools.addObject().put("name", function.path("name").asText());
      if (function.hasNonNull("description")) {
        node.set("description", function.get("description"));
      }
      if (function.path("parameters").isObject()) {
        node.set("input_schema", function.get("parameters"));
      } else {
        node.putObject("input_schema").put("type", "object");
      }
    }
    return tools;
  }

  private static void format(ObjectNode body, JsonNode format) {
    JsonNode schema = format.path("json_schema").path("schema");
    if (!format.path("type").asText().equals("json_schema") || !schema.isObject()) {
      throw new IllegalArgumentException(
          "response_format must be a json_schema for Anthropic, which has no other");
    }
    body.putObject("output_config")
        .putObject("format")
        .put("type", "json_schema")
        .set("schema", schema);
  }

  private static String tier(String openAi) {
    return switch (openAi) {
      case "auto", "priority" -> "auto";
      case "default", "standard" -> "standard_only";
      default ->
          throw new IllegalArgumentException(
              "service_tier is " + openAi + ", must be auto, default or priority for Anthropic");
    };
  }

  @Override
  public AnswerReader reader() {
    return new AnthropicReader();
  }

  /** Translates the messages of a conversation into those of a body. */
  private record AnthropicMessages(ObjectNode body) {

    void add(JsonNode openAi) {
      StringBuilder system = new StringBuilder();
      ArrayNode messages = body.putArray("messages");
      for (JsonNode message : openAi) {
        String role = message.path("role").asText();
        String content = message.path("content").asText("");
        switch (role) {
          case "system", "developer" ->
              system.append(system.length() == 0 ? "" : "\n\n").append(content);
          case "user" -> text(blocks(messages, "user"), content);
          case "tool" ->
              blocks(messages, "user")
                  .addObject()
                  .put("type", "tool_result")
                  .put("tool_use_id", message.path("tool_call_id").asText())
                  .put("content", content);
          case "assistant" -> assistant(blocks(messages, "assistant"), message, content);
          default -> throw new IllegalArgumentException("a message has a role of no meaning here");
        }
      }
      if (system.length() > 0) {
        body.put("system", system.toString());
      }
    }

    private static void assistant(ArrayNode blocks, JsonNode message, String content) {
      text(blocks, content);
      for (JsonNode call : message.path("tool_calls")) {
        JsonNode function = call.path("function");
        blocks
            .addObject()
            .put("type", "tool_use")
            .put("id", call.path("id").asText())
            .put("name", function.path("name").asText())
            .set("input", arguments(function.path("arguments")));
      }
    }

    /** Anthropic refuses empty texts. */
    private static void text(ArrayNode blocks, String content) {
      if (!content.isEmpty()) {
        blocks.addObject().put("type", "text").put("text", content);
      }
    }

    /** Where the next blocks of this role go: messages of one role in a row are one. */
    private static ArrayNode blocks(ArrayNode messages, String role) {
      JsonNode last = messages.path(messages.size() - 1);
      if (last.path("role").asText().equals(role)) {
        return (ArrayNode) last.get("content");
      }
      return messages.addObject().put("role", role).putArray("content");
    }

    private static JsonNode arguments(JsonNode arguments) {
      try {
        return arguments.isTextual()
            ? StreamJson.MAPPER.readTree(
                arguments.textValue().isBlank() ? "{}" : arguments.textValue())
            : arguments;
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException("a tool call's arguments are no JSON", e);
      }
    }
  }
}
