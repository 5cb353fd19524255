package io.millrace.jobs.admit;

import static io.millrace.jobs.admit.RejectedPromptException.invalid;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.engine.ChatRequest;
import io.millrace.jobs.state.Sampling;
import io.millrace.schemas.Message;
import io.millrace.schemas.Prompt;
import java.util.Set;

/**
 * What a remote model is asked, in the form of OpenAI's chat completions: what the prompt says, and
 * of the defaults only temperature and the limit of tokens. A response format and tools are passed
 * on as they are: the server follows them, or refuses.
 */
final class ChatBody {
  private static final ObjectMapper JSON =
      StrictJson.builder(StreamReadConstraints.DEFAULT_MAX_STRING_LEN).build();

  private static final Set<String> FORMATS = Set.of("json_object", "json_schema");

  private ChatBody() {}

  /**
   * @param sampling with every default
   * @param tools JSON text, or null
   * @throws RejectedPromptException naming what no remote model is asked for
   */
  static ChatRequest of(Prompt prompt, Sampling sampling, String tools)
      throws RejectedPromptException {
    if (sampling.getLogprobs() >= 0) {
      throw invalid("logprobs are not supported by remote models");
    }
    ObjectNode body = JSON.createObjectNode();
    ArrayNode messages = body.putArray("messages");
    for (Message message : prompt.getMessages()) {
      messages.add(message(message));
    }
    body.put(
        "temperature",
        prompt.getTemperature() != null
            ? prompt.getTemperature()
            : (double) sampling.getTemperature());
    body.put("max_completion_tokens", sampling.getMaxTokens());
    putIfSet(body, "top_p", prompt.getTopP());
    putIfSet(body, "min_p", prompt.getMinP());
    putIfSet(body, "repetition_penalty", prompt.getRepetitionPenalty());
    if (sampling.getTopK() > 0) {
      body.put("top_k", sampling.getTopK());
    }
    if (prompt.getSeed() != null) {
      body.put("seed", prompt.getSeed());
    }
    if (!prompt.getStop().isEmpty()) {
      prompt.getStop().forEach(body.putArray("stop")::add);
    }
    if (sampling.getIgnoreEos()) {
      body.put("ignore_eos", true);
    }
    if (tools != null) {
      body.set("tools", tree(tools, "tools"));
      if (prompt.getToolChoice() != null) {
        body.put("tool_choice", prompt.getToolChoice());
      }
    }
    String format = format(prompt);
    if (format != null) {
      body.set("response_format", named(tree(format, "response_format")));
    }
    if (prompt.getServiceTier() != null) {
      body.put("service_tier", prompt.getServiceTier());
    }
    try {
      return new ChatRequest(body.toString());
    } catch (IllegalArgumentException e) {
      throw invalid(e.getMessage());
    }
  }

  /**
   * The response format that is passed on, JSON text; null for any text. All of it may change the
   * answer.
   */
  static String format(Prompt prompt) throws RejectedPromptException {
    String text = prompt.getResponseFormat();
    if (text == null) {
      return null;
    }
    String type = tree(text, "response_format").path("type").asText();
    if (type.equals("text")) {
      return null;
    }
    if (!FORMATS.contains(type)) {
      throw invalid("response_format must be json_object or json_schema for remote models");
    }
    return text;
  }

  /** OpenAI wants a schema to have a name. */
  private static JsonNode named(JsonNode format) {
    if (format.path("json_schema").isObject() && !format.get("json_schema").has("name")) {
      ((ObjectNode) format.get("json_schema")).put("name", "answer");
    }
    return format;
  }

  private static ObjectNode message(Message message) throws RejectedPromptException {
    ObjectNode node = JSON.createObjectNode().put("role", message.getRole());
    boolean onlyCalls = message.getToolCalls() != null && message.getContent().isEmpty();
    node.put("content", onlyCalls ? null : message.getContent());
    if (message.getName() != null) {
      node.put("name", message.getName());
    }
    if (message.getToolCalls() != null) {
      node.set("tool_calls", tree(message.getToolCalls(), "tool_calls"));
    }
    if (message.getToolCallId() != null) {
      node.put("tool_call_id", message.getToolCallId());
    }
    return node;
  }

  private static void putIfSet(ObjectNode body, String field, Double value) {
    if (value != null) {
      body.put(field, value);
    }
  }

  private static JsonNode tree(String text, String field) throws RejectedPromptException {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw invalid(field + " is not valid JSON");
    }
  }
}
