package io.millrace.jobs.admit;

import static io.millrace.jobs.admit.RejectedPromptException.invalid;
import static io.millrace.jobs.admit.RejectedPromptException.terminal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.millrace.schemas.CacheControl;
import io.millrace.schemas.Message;
import io.millrace.schemas.Prompt;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads OpenAI's request body of {@code /v1/chat/completions}, or a line of an OpenAI batch file
 * around one, with vLLM's extra sampling fields and LiteLLM's cache controls.
 *
 * <p>A field that would change the answer and is not supported is refused rather than ignored;
 * fields that cannot change it ({@code stream}, {@code store}, ...) are ignored.
 */
final class OpenAiRequestReader {
  static final String URL = "/v1/chat/completions";

  private static final int DEPTH_MAX = 64;
  private static final int NAME_LENGTH_MAX = 256;
  private static final Set<String> UNSUPPORTED =
      Set.of(
          // OpenAI's
          "functions",
          "logit_bias",
          "audio",
          "modalities",
          "prediction",
          "web_search_options",
          // vLLM's
          "guided_grammar",
          "ignore_eos",
          "min_tokens",
          "stop_token_ids",
          "include_stop_str_in_output",
          "bad_words",
          "allowed_token_ids",
          "logits_processors",
          "use_beam_search",
          "chat_template",
          "chat_template_kwargs",
          "continue_final_message",
          "documents",
          "echo");

  private final ObjectMapper json;

  /**
   * @param sizeMax longest request, bytes
   */
  OpenAiRequestReader(int sizeMax) {
    JsonFactory factory =
        JsonFactory.builder()
            .streamReadConstraints(
                StreamReadConstraints.builder()
                    .maxNestingDepth(DEPTH_MAX)
                    .maxStringLength(sizeMax)
                    .maxNumberLength(100)
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();
    json =
        JsonMapper.builder(factory).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
  }

  /**
   * @throws RejectedPromptException naming the field that is wrong
   */
  Prompt read(byte[] value) throws RejectedPromptException {
    JsonNode root = parse(value);
    if (!root.isObject()) {
      throw invalid("the request is not a JSON object");
    }
    requireWellFormed(root);
    if (!root.has("body") && !root.has("custom_id")) {
      return readBody(root, null);
    }
    String customId = text(root, "custom_id");
    String url = text(root, "url");
    if (url != null && !url.equals(URL)) {
      throw invalid("url is " + quoted(url) + ", must be " + URL);
    }
    String method = text(root, "method");
    if (method != null && !method.equals("POST")) {
      throw invalid("method is " + quoted(method) + ", must be POST");
    }
    JsonNode body = root.get("body");
    if (body == null || !body.isObject()) {
      throw invalid("body must be an object");
    }
    return readBody(body, customId);
  }

  private JsonNode parse(byte[] value) throws RejectedPromptException {
    try {
      return json.readTree(value);
    } catch (StreamConstraintsException e) {
      throw terminal(
          "invalid_json",
          "nested more than " + DEPTH_MAX + " deep, or has too long a number or name");
    } catch (JsonProcessingException e) {
      // The parser's own message quotes the input, which does not belong in logs and headers.
      String where =
          e.getLocation() == null
              ? ""
              : " at line "
                  + e.getLocation().getLineNr()
                  + ", column "
                  + e.getLocation().getColumnNr();
      throw terminal("invalid_json", "not valid JSON" + where);
    } catch (IOException e) {
      throw terminal("invalid_json", "not valid JSON");
    }
  }

  /**
   * Half a surrogate pair is no character: it has no UTF-8, and would silently turn into another
   * text on its way.
   */
  private static void requireWellFormed(JsonNode node) throws RejectedPromptException {
    if (node.isTextual()) {
      requireWellFormed(node.textValue());
    }
    for (JsonNode child : node) {
      requireWellFormed(child);
    }
  }

  private static void requireWellFormed(String text) throws RejectedPromptException {
    if (text.codePoints()
        .anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
      throw terminal("invalid_json", "a string holds half a surrogate pair");
    }
  }

  private static Prompt readBody(JsonNode body, String customId) throws RejectedPromptException {
    for (String field : UNSUPPORTED) {
      if (body.has(field) && !isNeutral(body.get(field))) {
        throw invalid(field + " is not supported");
      }
    }
    for (String penalty : List.of("presence_penalty", "frequency_penalty")) {
      Double value = number(body, penalty);
      if (value != null && value != 0) {
        throw invalid(penalty + " is not supported; use repetition_penalty");
      }
    }
    Integer maxTokens = integer(body, "max_completion_tokens");
    return Prompt.newBuilder()
        .setCustomId(customId)
        .setTenant(text(body, "user"))
        .setModel(text(body, "model"))
        .setMessages(messages(body.get("messages")))
        .setTemperature(number(body, "temperature"))
        .setTopP(number(body, "top_p"))
        .setTopK(integer(body, "top_k"))
        .setMinP(number(body, "min_p"))
        .setRepetitionPenalty(number(body, "repetition_penalty"))
        .setSeed(longInteger(body, "seed"))
        .setStop(stop(body.get("stop")))
        .setMaxCompletionTokens(maxTokens != null ? maxTokens : integer(body, "max_tokens"))
        .setLogprobs(bool(body, "logprobs"))
        .setTopLogprobs(integer(body, "top_logprobs"))
        .setN(integer(body, "n"))
        .setResponseFormat(ResponseFormats.requested(body))
        .setMetadata(metadata(body.get("metadata")))
        .setServiceTier(text(body, "service_tier"))
        .setPriority(integer(body, "priority"))
        .setDeadline(deadline(body))
        .setCache(cache(body.get("cache")))
        .setPromptCacheKey(text(body, "prompt_cache_key"))
        .setCacheSalt(text(body, "cache_salt"))
        .setTools(Tools.requested(body))
        .setToolChoice(Tools.requestedChoice(body))
        .build();
  }

  /** Whether a field says the same as its absence. */
  private static boolean isNeutral(JsonNode node) {
    return node.isNull()
        || (node.isContainerNode() && node.isEmpty())
        || (node.isBoolean() && !node.booleanValue())
        || (node.isNumber() && node.doubleValue() == 0);
  }

  private static List<Message> messages(JsonNode node) throws RejectedPromptException {
    if (node == null || node.isNull()) {
      throw invalid("messages is missing");
    }
    if (!node.isArray() || node.isEmpty()) {
      throw invalid("messages must be a list of at least one message");
    }
    List<Message> messages = new ArrayList<>(node.size());
    for (int i = 0; i < node.size(); i++) {
      JsonNode message = node.get(i);
      String at = "messages[" + i + "]";
      if (!message.isObject()) {
        throw invalid(at + " must be an object");
      }
      if (message.hasNonNull("function_call")) {
        throw invalid(at + ".function_call is not supported; use tool_calls");
      }
      JsonNode role = message.get("role");
      if (role == null || !role.isTextual() || role.textValue().isEmpty()) {
        throw invalid(at + ".role must be a string");
      }
      String calls = Tools.requestedCalls(message, at);
      boolean contentless = calls != null && !message.hasNonNull("content");
      messages.add(
          Message.newBuilder()
              .setRole(role.textValue())
              .setContent(contentless ? "" : content(message.get("content"), at))
              .setName(text(message, "name"))
              .setToolCalls(calls)
              .setToolCallId(text(message, "tool_call_id"))
              .build());
    }
    return messages;
  }

  private static String content(JsonNode node, String at) throws RejectedPromptException {
    if (node != null && node.isTextual()) {
      return node.textValue();
    }
    if (node == null || !node.isArray()) {
      throw invalid(at + ".content must be a string or a list of text parts");
    }
    StringBuilder content = new StringBuilder();
    for (JsonNode part : node) {
      JsonNode text = part.get("text");
      if (!part.path("type").asText().equals("text") || text == null || !text.isTextual()) {
        throw invalid(at + ".content has a part that is not text");
      }
      content.append(text.textValue());
    }
    return content.toString();
  }

  private static List<String> stop(JsonNode node) throws RejectedPromptException {
    if (node == null || node.isNull()) {
      return List.of();
    }
    if (node.isTextual()) {
      return List.of(node.textValue());
    }
    List<String> stop = new ArrayList<>();
    for (JsonNode item : node) {
      if (!item.isTextual()) {
        throw invalid("stop must be a string or a list of strings");
      }
      stop.add(item.textValue());
    }
    if (!node.isArray()) {
      throw invalid("stop must be a string or a list of strings");
    }
    return stop;
  }

  private static Map<String, String> metadata(JsonNode node) throws RejectedPromptException {
    Map<String, String> metadata = new HashMap<>();
    if (node == null || node.isNull()) {
      return metadata;
    }
    if (!node.isObject() || node.size() > 16) {
      throw invalid("metadata must be an object of at most 16 strings");
    }
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (!entry.getValue().isTextual() || entry.getValue().textValue().length() > 512) {
        throw invalid("metadata must be an object of strings of at most 512 characters");
      }
      metadata.put(entry.getKey(), entry.getValue().textValue());
    }
    return metadata;
  }

  private static CacheControl cache(JsonNode node) throws RejectedPromptException {
    if (node == null || node.isNull()) {
      return null;
    }
    if (!node.isObject()) {
      throw invalid("cache must be an object");
    }
    if (node.hasNonNull("s-maxage")) {
      throw invalid("cache.s-maxage is not supported; ttl bounds how long an answer is kept");
    }
    Boolean noCache = bool(node, "no-cache");
    Boolean noStore = bool(node, "no-store");
    return CacheControl.newBuilder()
        .setNoCache(noCache != null && noCache)
        .setNoStore(noStore != null && noStore)
        .setUseCache(bool(node, "use-cache"))
        .setTtlSeconds(longInteger(node, "ttl"))
        .setNamespace(text(node, "namespace"))
        .build();
  }

  private static Instant deadline(JsonNode body) throws RejectedPromptException {
    Long deadline = longInteger(body, "deadline");
    return deadline == null ? null : Instant.ofEpochMilli(deadline);
  }

  private static String text(JsonNode parent, String field) throws RejectedPromptException {
    JsonNode node = parent.get(field);
    if (node == null || node.isNull()) {
      return null;
    }
    if (!node.isTextual() || node.textValue().length() > NAME_LENGTH_MAX) {
      throw invalid(field + " must be a string of at most " + NAME_LENGTH_MAX + " characters");
    }
    return node.textValue();
  }

  private static Double number(JsonNode parent, String field) throws RejectedPromptException {
    JsonNode node = parent.get(field);
    if (node == null || node.isNull()) {
      return null;
    }
    if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
      throw invalid(field + " must be a number");
    }
    return node.doubleValue();
  }

  private static Long longInteger(JsonNode parent, String field) throws RejectedPromptException {
    JsonNode node = parent.get(field);
    if (node == null || node.isNull()) {
      return null;
    }
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw invalid(field + " must be an integer");
    }
    return node.longValue();
  }

  private static Integer integer(JsonNode parent, String field) throws RejectedPromptException {
    Long value = longInteger(parent, field);
    if (value == null) {
      return null;
    }
    if (value != value.intValue()) {
      throw invalid(field + " is " + value + ", out of range");
    }
    return value.intValue();
  }

  private static Boolean bool(JsonNode parent, String field) throws RejectedPromptException {
    JsonNode node = parent.get(field);
    if (node == null || node.isNull()) {
      return null;
    }
    if (!node.isBoolean()) {
      throw invalid(field + " must be true or false");
    }
    return node.booleanValue();
  }

  private static String quoted(String value) {
    return '"' + (value.length() > 64 ? value.substring(0, 64) + "..." : value) + '"';
  }
}
