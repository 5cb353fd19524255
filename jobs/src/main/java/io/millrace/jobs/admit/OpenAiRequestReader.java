package io.millrace.jobs.admit;

import static io.millrace.jobs.admit.JsonFields.bool;
import static io.millrace.jobs.admit.JsonFields.integer;
import static io.millrace.jobs.admit.JsonFields.longInteger;
import static io.millrace.jobs.admit.JsonFields.text;
import static io.millrace.jobs.admit.RejectedPromptException.invalid;
import static io.millrace.jobs.admit.RejectedPromptException.terminal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.schemas.CacheControl;
import io.millrace.schemas.Prompt;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads OpenAI's request body of {@code /v1/chat/completions}, or a line of an OpenAI batch file
 * around one, with vLLM's extra sampling fields and LiteLLM's cache controls.
 *
 * <p>A field that would change the answer and is not supported is refused rather than ignored;
 * fields that cannot change it ({@code stream}, {@code store}, ...) are ignored.
 */
final class OpenAiRequestReader {
  static final String URL = "/v1/chat/completions";

  private final ObjectMapper json;

  /**
   * @param sizeMax longest request, bytes
   */
  OpenAiRequestReader(int sizeMax) {
    json = StrictJson.builder(sizeMax).build();
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
          "nested more than " + StrictJson.DEPTH_MAX + " deep, or has too long a number or name");
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
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      requireWellFormed(entry.getKey());
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
    UnsupportedFields.refuse(body);
    Prompt.Builder prompt =
        Prompt.newBuilder()
            .setCustomId(customId)
            .setTenant(text(body, "user"))
            .setModel(text(body, "model"))
            .setMessages(MessagesReader.read(body.get("messages")));
    SamplingFields.read(body, prompt);
    return prompt
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

  private static String quoted(String value) {
    return '"' + (value.length() > 64 ? value.substring(0, 64) + "..." : value) + '"';
  }
}
