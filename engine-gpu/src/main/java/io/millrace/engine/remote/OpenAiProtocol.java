package io.millrace.engine.remote;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.http.HttpRequest;

/**
 * Chat completions as OpenAI, vLLM, llama.cpp's server and many others serve them, streamed and
 * with usage.
 *
 * @param maxTokensField what the limit of an answer's tokens is called: {@code
 *     max_completion_tokens}, or {@code max_tokens} for servers that know only the older name
 */
public record OpenAiProtocol(String maxTokensField) implements RemoteProtocol {

  /** The limit's name in requests as we hold them. */
  static final String MAX_TOKENS = "max_completion_tokens";

  /** The field's older name. */
  static final String MAX_TOKENS_BEFORE = "max_tokens";

  /** As OpenAI wants it. */
  public OpenAiProtocol() {
    this(MAX_TOKENS);
  }

  public OpenAiProtocol {
    if (!maxTokensField.equals(MAX_TOKENS) && !maxTokensField.equals(MAX_TOKENS_BEFORE)) {
      throw new IllegalArgumentException(
          "the limit of an answer's tokens is called " + MAX_TOKENS + " or " + MAX_TOKENS_BEFORE);
    }
  }

  @Override
  public String name() {
    return "openai";
  }

  @Override
  public String path() {
    return "chat/completions";
  }

  @Override
  public void addHeaders(HttpRequest.Builder request, ApiKey key) {
    if (!key.isNone()) {
      request.header("Authorization", "Bearer " + key.value());
    }
  }

  @Override
  public ObjectNode body(ObjectNode chat, String remoteModel) {
    JsonNode maxTokens = chat.remove(MAX_TOKENS);
    if (maxTokens != null) {
      chat.set(maxTokensField, maxTokens);
    }
    chat.put("model", remoteModel).put("stream", true);
    chat.putObject("stream_options").put("include_usage", true);
    return chat;
  }

  @Override
  public AnswerReader reader() {
    return new OpenAiReader();
  }
}
