package io.millrace.jobs.kafka;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.schemas.Choice;
import io.millrace.schemas.Response;
import io.millrace.schemas.TokenLogprob;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.TreeMap;

/** Writes a response as OpenAI's chat completion, with one object more: {@code millrace}. */
public final class OpenAiResponseWriter {
  /** Stands for a token that is all but impossible, as in OpenAI's API: JSON has no infinity. */
  private static final double LOGPROB_MIN = -9999;

  private final ObjectMapper json = new ObjectMapper();

  /** The chat completion as a JSON tree. */
  public ObjectNode write(Response response) {
    ObjectNode body = json.createObjectNode();
    body.put("id", "chatcmpl-" + response.getRequestId());
    body.put("object", "chat.completion");
    body.put("created", response.getCreated().getEpochSecond());
    body.put("model", response.getModel());
    ArrayNode choices = body.putArray("choices");
    response.getChoices().forEach(choice -> choices.add(choice(choice)));
    ObjectNode usage = body.putObject("usage");
    usage.put("prompt_tokens", response.getUsage().getPromptTokens());
    usage.put("completion_tokens", response.getUsage().getCompletionTokens());
    usage.put("total_tokens", response.getUsage().getTotalTokens());
    usage
        .putObject("prompt_tokens_details")
        .put("cached_tokens", response.getUsage().getCachedTokens());
    if (!response.getMetadata().isEmpty()) {
      ObjectNode metadata = body.putObject("metadata");
      // In one order, whatever the map's.
      new TreeMap<>(response.getMetadata()).forEach(metadata::put);
    }
    if (response.getError() != null) {
      body.putObject("error")
          .put("code", response.getFinishReason().toString())
          .put("message", response.getError());
    }
    ObjectNode millrace = body.putObject("millrace");
    millrace.put("cached", response.getCached().toString());
    millrace.put("cost_usd", plain(response.getCostUsd()));
    millrace.put("saved_usd", plain(response.getSavedUsd()));
    millrace.put("model", response.getModel());
    millrace.put("queue_ms", response.getQueueMs());
    millrace.put("ttft_ms", response.getTtftMs());
    millrace.put("total_ms", response.getTotalMs());
    return body;
  }

  /** The same as UTF-8 bytes. */
  public byte[] bytes(Response response) {
    try {
      return json.writeValueAsBytes(write(response));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values can be written", e);
    }
  }

  private ObjectNode choice(Choice choice) {
    ObjectNode node = json.createObjectNode();
    node.put("index", choice.getIndex());
    ObjectNode message = node.putObject("message").put("role", choice.getMessage().getRole());
    String toolCalls = choice.getMessage().getToolCalls();
    String text = choice.getMessage().getContent();
    message.put("content", toolCalls != null && text.isEmpty() ? null : text);
    if (toolCalls != null) {
      message.set("tool_calls", tree(toolCalls));
    }
    if (choice.getLogprobs() == null) {
      node.putNull("logprobs");
    } else {
      ArrayNode content = node.putObject("logprobs").putArray("content");
      for (TokenLogprob token : choice.getLogprobs()) {
        ObjectNode entry = entry(token.getToken(), token.getLogprob(), token.getBytes());
        ArrayNode top = entry.putArray("top_logprobs");
        token
            .getTopLogprobs()
            .forEach(t -> top.add(entry(t.getToken(), t.getLogprob(), t.getBytes())));
        content.add(entry);
      }
    }
    node.put("finish_reason", choice.getFinishReason().toString());
    return node;
  }

  private JsonNode tree(String text) {
    try {
      return json.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("tool calls are JSON, written by us", e);
    }
  }

  private ObjectNode entry(String token, double logprob, ByteBuffer bytes) {
    ObjectNode entry = json.createObjectNode().put("token", token);
    entry.put("logprob", Double.isFinite(logprob) ? logprob : LOGPROB_MIN);
    if (bytes == null) {
      return entry.putNull("bytes");
    }
    ArrayNode array = entry.putArray("bytes");
    for (int i = bytes.position(); i < bytes.limit(); i++) {
      array.add(bytes.get(i) & 0xff);
    }
    return entry;
  }

  private static String plain(BigDecimal usd) {
    // Null, and so JSON's null, is no known price.
    if (usd == null) {
      return null;
    }
    return usd.signum() == 0 ? "0" : usd.stripTrailingZeros().toPlainString();
  }
}
