package io.millrace.jobs.admit;

import static io.millrace.jobs.admit.RejectedPromptException.invalid;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.schemas.Prompt;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * OpenAI's tools and tool calls: as JSON text, which prompts carry, and as the values that chat
 * templates render.
 *
 * <p>Tools are shown to the model, no more: nothing makes it call one, and a call that it writes is
 * text of its answer.
 */
final class Tools {
  /** OpenAI's own limit. */
  private static final int TOOLS_MAX = 128;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

  private static final ObjectMapper JSON =
      StrictJson.builder(StreamReadConstraints.DEFAULT_MAX_STRING_LEN).build();

  private Tools() {}

  /** What a request body offers: {@code tools} as JSON text, or null for none. */
  static String requested(JsonNode body) throws RejectedPromptException {
    String tools = array(body.get("tools"), "tools");
    if (tools != null && body.path("parallel_tool_calls").isBoolean()) {
      if (!body.get("parallel_tool_calls").booleanValue()) {
        throw invalid("parallel_tool_calls: false is not supported");
      }
    }
    return tools;
  }

  /**
   * A request body's {@code tool_choice}, or null where it has none or there is nothing to choose.
   */
  static String requestedChoice(JsonNode body) throws RejectedPromptException {
    JsonNode choice = body.path("tool_choice");
    if (choice.isMissingNode() || choice.isNull()) {
      return null;
    }
    requireChoice(choice.isTextual() ? choice.textValue() : "");
    return body.path("tools").isEmpty() ? null : choice.textValue();
  }

  /** A message's {@code tool_calls} as JSON text, or null for none. */
  static String requestedCalls(JsonNode message, String at) throws RejectedPromptException {
    return array(message.get("tool_calls"), at + ".tool_calls");
  }

  private static String array(JsonNode node, String at) throws RejectedPromptException {
    if (node == null || node.isNull()) {
      return null;
    }
    if (!node.isArray()) {
      throw invalid(at + " must be a list");
    }
    return node.isEmpty() ? null : node.toString();
  }

  private static void requireChoice(String choice) throws RejectedPromptException {
    if (!choice.equals("auto") && !choice.equals("none")) {
      throw invalid("tool_choice must be auto or none: a model cannot be made to call a tool");
    }
  }

  /** The text of the tools that the model is told of; null for none. */
  static String shown(Prompt prompt) throws RejectedPromptException {
    if (prompt.getToolChoice() != null) {
      requireChoice(prompt.getToolChoice());
    }
    boolean none = prompt.getTools() == null || "none".equals(prompt.getToolChoice());
    return none || parse(prompt.getTools(), "tools").isEmpty() ? null : prompt.getTools();
  }

  /**
   * Reads the text of tools.
   *
   * @param text null for none
   */
  static List<Map<String, Object>> read(String text) throws RejectedPromptException {
    List<Map<String, Object>> tools = new ArrayList<>();
    if (text == null) {
      return tools;
    }
    for (JsonNode tool : parse(text, "tools")) {
      String at = "tools[" + tools.size() + "]";
      requireFunction(tool, at);
      tools.add(object(tool, at));
    }
    return tools;
  }

  /**
   * Reads the text of a message's tool calls. Arguments, a text in OpenAI's form, become the object
   * that this text is: so Hugging Face's templates want them.
   */
  static List<Map<String, Object>> readCalls(String text, String at)
      throws RejectedPromptException {
    List<Map<String, Object>> calls = new ArrayList<>();
    for (JsonNode call : parse(text, at + ".tool_calls")) {
      String here = at + ".tool_calls[" + calls.size() + "]";
      requireFunction(call, here);
      if (call.hasNonNull("id") && !call.get("id").isTextual()) {
        throw invalid(here + ".id must be a string");
      }
      JsonNode function = call.get("function");
      Map<String, Object> read = object(call, here);
      Map<String, Object> readFunction = object(function, here);
      readFunction.put("arguments", arguments(function.path("arguments"), here));
      read.put("function", readFunction);
      calls.add(read);
    }
    return calls;
  }

  private static Map<String, Object> arguments(JsonNode node, String at)
      throws RejectedPromptException {
    String here = at + ".function.arguments";
    JsonNode arguments = node;
    if (node.isTextual()) {
      arguments =
          node.textValue().isBlank() ? JSON.createObjectNode() : parseAny(node.textValue(), here);
    }
    if (!arguments.isObject()) {
      throw invalid(here + " must be the text of a JSON object");
    }
    return object(arguments, here);
  }

  private static void requireFunction(JsonNode node, String at) throws RejectedPromptException {
    if (!node.path("type").asText().equals("function") || !node.path("function").isObject()) {
      throw invalid(at + " must be {\"type\": \"function\", \"function\": {...}}");
    }
    if (!NAME.matcher(node.get("function").path("name").asText()).matches()) {
      throw invalid(
          at + ".function.name must be 1 to 64 letters, digits, dots, underscores or hyphens");
    }
  }

  private static JsonNode parse(String text, String at) throws RejectedPromptException {
    JsonNode node = parseAny(text, at);
    if (!node.isArray() || node.size() > TOOLS_MAX) {
      throw invalid(at + " must be a list of at most " + TOOLS_MAX);
    }
    return node;
  }

  private static JsonNode parseAny(String text, String at) throws RejectedPromptException {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw invalid(
          at + " is not valid JSON, or nested more than " + StrictJson.DEPTH_MAX + " deep");
    }
  }

  private static Map<String, Object> object(JsonNode node, String at)
      throws RejectedPromptException {
    Map<String, Object> object = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      object.put(entry.getKey(), value(entry.getValue(), at));
    }
    return object;
  }

  private static Object value(JsonNode node, String at) throws RejectedPromptException {
    if (node.isObject()) {
      return object(node, at);
    }
    if (node.isArray()) {
      List<Object> list = new ArrayList<>(node.size());
      for (JsonNode element : node) {
        list.add(value(element, at));
      }
      return list;
    }
    if (node.isTextual()) {
      return node.textValue();
    }
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    if (node.isNull()) {
      return null;
    }
    if (node.isIntegralNumber()
        ? !node.canConvertToLong()
        : Double.isInfinite(node.doubleValue())) {
      throw invalid(at + " has a number that is out of range");
    }
    return node.isIntegralNumber() ? (Object) node.longValue() : (Object) node.doubleValue();
  }
}
