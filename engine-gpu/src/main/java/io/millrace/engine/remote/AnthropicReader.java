package io.millrace.engine.remote;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.engine.FinishReason;
import io.millrace.engine.RemoteUsage;

/**
 * Puts the events of an Anthropic message together: {@code message_start}, content blocks with
 * their deltas, {@code message_delta}, {@code message_stop}. The model's thinking is not part of
 * the answer.
 *
 * <p>Anthropic counts the input in three parts that do not overlap: computed, read from a cache,
 * written to one. Counts of a later event replace those of an earlier one.
 */
final class AnthropicReader implements AnswerReader {
  private static final long UNTOLD = -1;

  private final AnswerText answer = new AnswerText();
  private String model;
  private String serviceTier;
  private FinishReason finishReason;
  private boolean ended;

  private long computedTokens = UNTOLD;
  private long cachedTokens;
  private long writtenTokens;
  private long written1hTokens;
  private long outputTokens = UNTOLD;
  private long reasoningTokens;

  @Override
  public void onEvent(String data) throws RemoteException {
    if (ended) {
      return;
    }
    JsonNode event = StreamJson.object(data);
    switch (event.path("type").asText()) {
      case "message_start" -> {
        JsonNode message = event.path("message");
        model = StreamJson.name(message, "model");
        usage(message.path("usage"));
      }
      case "content_block_start" -> block(event);
      case "content_block_delta" -> delta(event);
      case "message_delta" -> {
        usage(event.path("usage"));
        JsonNode reason = event.path("delta").path("stop_reason");
        if (reason.isTextual()) {
          finishReason = finishReason(reason.textValue());
        }
      }
      case "message_stop" -> ended = true;
      case "error" -> throw HttpFailure.inStream(event.path("error"));
      default -> {
        // ping, content_block_stop, and what may come: new types are to be skipped.
      }
    }
  }

  private void block(JsonNode event) throws RemoteException {
    JsonNode block = event.path("content_block");
    switch (block.path("type").asText()) {
      case "text" -> answer.append(block.path("text").asText());
      case "tool_use" ->
          answer.call(
              event.path("index").asInt(),
              StreamJson.text(block, "id"),
              StreamJson.text(block, "name"),
              null);
      default -> {
        // Thinking, and what is the server's own.
      }
    }
  }

  private void delta(JsonNode event) throws RemoteException {
    JsonNode delta = event.path("delta");
    switch (delta.path("type").asText()) {
      case "text_delta" -> answer.append(delta.path("text").asText());
      case "input_json_delta" ->
          answer.call(
              event.path("index").asInt(), null, null, StreamJson.text(delta, "partial_json"));
      default -> {
        // Thinking and its signature.
      }
    }
  }

  private void usage(JsonNode told) {
    computedTokens = told.path("input_tokens").asLong(computedTokens);
    cachedTokens = told.path("cache_read_input_tokens").asLong(cachedTokens);
    if (told.path("cache_creation_input_tokens").isNumber()) {
      long written = told.path("cache_creation_input_tokens").asLong();
      JsonNode hour = told.path("cache_creation").path("ephemeral_1h_input_tokens");
      written1hTokens = hour.asLong(Math.min(written1hTokens, written));
      writtenTokens = written - written1hTokens;
    }
    outputTokens = told.path("output_tokens").asLong(outputTokens);
    reasoningTokens =
        told.path("output_tokens_details").path("thinking_tokens").asLong(reasoningTokens);
    if (told.path("service_tier").isTextual()) {
      serviceTier = StreamJson.name(told, "service_tier");
    }
  }

  private static FinishReason finishReason(String reason) throws RemoteException {
    return switch (reason) {
      case "end_turn", "stop_sequence" -> FinishReason.STOP;
      case "max_tokens", "model_context_window_exceeded" -> FinishReason.LENGTH;
      case "tool_use" -> FinishReason.TOOL_CALLS;
      case "refusal" -> FinishReason.CONTENT_FILTER;
      default -> throw RemoteException.broken("the answer ended for an unknown reason");
    };
  }

  @Override
  public boolean begun() {
    return !answer.isEmpty();
  }

  @Override
  public boolean ended() {
    return ended;
  }

  @Override
  public RemoteAnswer answer() throws RemoteException {
    if (finishReason == null) {
      throw RemoteException.broken("the answer broke off");
    }
    RemoteUsage usage =
        computedTokens == UNTOLD || outputTokens == UNTOLD
            ? null
            : StreamJson.usage(
                computedTokens + cachedTokens + writtenTokens + written1hTokens,
                cachedTokens,
                writtenTokens,
                written1hTokens,
                outputTokens,
                reasoningTokens);
    return new RemoteAnswer(
        answer.text(), answer.toolCalls(), finishReason, usage, model, serviceTier);
  }
}
