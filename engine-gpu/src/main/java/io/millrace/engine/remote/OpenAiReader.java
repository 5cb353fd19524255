package io.millrace.engine.remote;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.engine.FinishReason;
import io.millrace.engine.RemoteUsage;

/**
 * Puts a stream of {@code chat.completion.chunk} together. Servers differ: usage comes in a chunk
 * of its own without choices (OpenAI, vLLM) or in the last one with any (older llama.cpp), and not
 * all of them send {@code [DONE]}; an answer is complete once it says why it ended.
 */
final class OpenAiReader implements AnswerReader {
  private final AnswerText answer = new AnswerText();
  private FinishReason finishReason;
  private RemoteUsage usage;
  private String model;
  private String serviceTier;
  private boolean ended;

  @Override
  public void onEvent(String data) throws RemoteException {
    if (ended) {
      return;
    }
    if (data.strip().equals("[DONE]")) {
      ended = true;
      return;
    }
    JsonNode chunk = StreamJson.object(data);
    if (chunk.hasNonNull("error")) {
      throw HttpFailure.inStream(chunk.get("error"));
    }
    if (chunk.path("model").isTextual()) {
      model = StreamJson.name(chunk, "model");
    }
    if (chunk.path("service_tier").isTextual()) {
      serviceTier = StreamJson.name(chunk, "service_tier");
    }
    if (chunk.path("usage").isObject()) {
      usage = usage(chunk.get("usage"));
    }
    JsonNode choice = chunk.path("choices").path(0);
    delta(choice.path("delta"));
    if (choice.hasNonNull("finish_reason")) {
      finishReason = finishReason(choice.get("finish_reason").asText());
    }
  }

  private void delta(JsonNode delta) throws RemoteException {
    for (String field : new String[] {"content", "refusal"}) {
      String more = StreamJson.text(delta, field);
      if (more != null) {
        answer.append(more);
      }
    }
    for (JsonNode call : delta.path("tool_calls")) {
      JsonNode function = call.path("function");
      answer.call(
          call.path("index").asInt(),
          StreamJson.text(call, "id"),
          StreamJson.text(function, "name"),
          StreamJson.text(function, "arguments"));
    }
  }

  private static FinishReason finishReason(String reason) throws RemoteException {
    return switch (reason) {
      case "stop", "eos" -> FinishReason.STOP;
      case "length" -> FinishReason.LENGTH;
      case "tool_calls", "function_call" -> FinishReason.TOOL_CALLS;
      case "content_filter" -> FinishReason.CONTENT_FILTER;
      default -> throw RemoteException.broken("the answer ended for an unknown reason");
    };
  }

  private static RemoteUsage usage(JsonNode told) {
    if (!told.path("prompt_tokens").canConvertToLong()
        || !told.path("completion_tokens").canConvertToLong()) {
      return null;
    }
    return StreamJson.usage(
        told.get("prompt_tokens").asLong(),
        told.path("prompt_tokens_details").path("cached_tokens").asLong(),
        0,
        0,
        told.get("completion_tokens").asLong(),
        told.path("completion_tokens_details").path("reasoning_tokens").asLong());
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
    return new RemoteAnswer(
        answer.text(), answer.toolCalls(), finishReason, usage, model, serviceTier);
  }
}
