package io.millrace.jobs.admit;

import static io.millrace.jobs.admit.RejectedPromptException.invalid;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.engine.ResponseFormat;
import java.util.ArrayList;
import java.util.List;

/**
 * A response format as JSON text: OpenAI's {@code response_format} object, with the types {@code
 * regex} and {@code choice} besides its own. Prompts carry it so, and checkpoints too.
 *
 * <pre>
 * {"type": "json_object"}
 * {"type": "json_schema", "json_schema": {"schema": {...}}}
 * {"type": "regex", "regex": "..."}
 * {"type": "choice", "choice": ["a", "b"]}
 * </pre>
 */
public final class ResponseFormats {
  private static final ObjectMapper JSON =
      StrictJson.builder(StreamReadConstraints.DEFAULT_MAX_STRING_LEN)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private ResponseFormats() {}

  /**
   * What a request body asks for: {@code response_format}, or vLLM's {@code structured_outputs} or
   * one of its older {@code guided_json}, {@code guided_regex}, {@code guided_choice}.
   *
   * @return as JSON text, or null if nothing is asked for
   */
  static String requested(JsonNode body) throws RejectedPromptException {
    List<JsonNode> asked = new ArrayList<>();
    JsonNode format = body.path("response_format");
    if (format.isObject() && !format.path("type").asText().equals("text")) {
      asked.add(format);
    }
    addGuided(body, "guided_", asked);
    JsonNode structured = body.path("structured_outputs");
    if (structured.isObject()) {
      for (String name : List.of("grammar", "structural_tag")) {
        if (structured.hasNonNull(name)) {
          throw invalid("structured_outputs." + name + " is not supported");
        }
      }
      addGuided(structured, "", asked);
    } else if (!structured.isMissingNode() && !structured.isNull()) {
      throw invalid("structured_outputs must be an object");
    }
    if (asked.size() > 1) {
      throw invalid("response_format, structured_outputs and guided_... ask for several formats");
    }
    if (asked.isEmpty()) {
      return format.isMissingNode() || format.isNull() ? null : format.toString();
    }
    return asked.get(0).toString();
  }

  private static void addGuided(JsonNode parent, String prefix, List<JsonNode> asked)
      throws RejectedPromptException {
    if (parent.hasNonNull(prefix + "json")) {
      JsonNode schema = parent.get(prefix + "json");
      ObjectNode format = JSON.createObjectNode().put("type", "json_schema");
      format
          .putObject("json_schema")
          .set("schema", schema.isTextual() ? parse(schema.textValue()) : schema);
      asked.add(format);
    }
    if (parent.hasNonNull(prefix + "regex")) {
      asked.add(
          JSON.createObjectNode().put("type", "regex").set("regex", parent.get(prefix + "regex")));
    }
    if (parent.hasNonNull(prefix + "choice")) {
      asked.add(
          JSON.createObjectNode()
              .put("type", "choice")
              .set("choice", parent.get(prefix + "choice")));
    }
    if (parent.path(prefix + "json_object").asBoolean(false)) {
      asked.add(JSON.createObjectNode().put("type", "json_object"));
    }
  }

  /**
   * Reads the text of a response format.
   *
   * @param text null for none
   * @return null for any text
   * @throws RejectedPromptException naming what is wrong with it, but for what only a compiler
   *     finds
   */
  static ResponseFormat read(String text) throws RejectedPromptException {
    if (text == null) {
      return null;
    }
    JsonNode format = parse(text);
    String type = format.path("type").asText();
    try {
      return switch (type) {
        case "text" -> null;
        case "json_object" -> new ResponseFormat.JsonObject();
        case "json_schema" -> new ResponseFormat.JsonSchema(schema(format).toString());
        case "regex" -> new ResponseFormat.Regex(string(format.get("regex"), "regex"));
        case "choice" -> new ResponseFormat.Choice(choices(format.get("choice")));
        default ->
            throw invalid(
                "response_format.type must be text, json_object, json_schema, regex or choice");
      };
    } catch (IllegalArgumentException e) {
      throw invalid("response_format: " + e.getMessage());
    }
  }

  /** The one text of a format that was read: equal for formats that ask for the same. */
  static String text(ResponseFormat format) {
    ObjectNode text = JSON.createObjectNode();
    if (format instanceof ResponseFormat.JsonSchema schema) {
      text.put("type", "json_schema");
      text.putObject("json_schema").set("schema", tree(schema.schema()));
    } else if (format instanceof ResponseFormat.Regex regex) {
      text.put("type", "regex").put("regex", regex.pattern());
    } else if (format instanceof ResponseFormat.Choice choice) {
      text.put("type", "choice");
      choice.choices().forEach(text.withArray("choice")::add);
    } else {
      text.put("type", "json_object");
    }
    return text.toString();
  }

  /**
   * The format of an admitted prompt, which was read before.
   *
   * @param text null for any text
   */
  public static ResponseFormat admitted(String text) {
    try {
      return read(text);
    } catch (RejectedPromptException e) {
      throw new IllegalStateException("an admitted prompt's response format cannot be read", e);
    }
  }

  private static JsonNode schema(JsonNode format) throws RejectedPromptException {
    JsonNode schema = format.path("json_schema").path("schema");
    if (!schema.isObject() && !schema.isBoolean()) {
      throw invalid("response_format.json_schema.schema must be an object");
    }
    return schema;
  }

  private static List<String> choices(JsonNode node) throws RejectedPromptException {
    if (node == null || !node.isArray()) {
      throw invalid("response_format: choice must be a list of strings");
    }
    List<String> choices = new ArrayList<>();
    for (JsonNode choice : node) {
      choices.add(string(choice, "choice"));
    }
    return choices;
  }

  private static String string(JsonNode node, String field) throws RejectedPromptException {
    if (node == null || !node.isTextual()) {
      throw invalid("response_format: " + field + " must be a string");
    }
    return node.textValue();
  }

  private static JsonNode parse(String text) throws RejectedPromptException {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw invalid(
          "response_format is not valid JSON, or nested more than "
              + StrictJson.DEPTH_MAX
              + " deep");
    }
  }

  private static JsonNode tree(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("was read before", e);
    }
  }
}
