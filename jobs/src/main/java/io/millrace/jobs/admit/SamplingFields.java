package io.millrace.jobs.admit;

import static io.millrace.jobs.admit.JsonFields.bool;
import static io.millrace.jobs.admit.JsonFields.integer;
import static io.millrace.jobs.admit.JsonFields.longInteger;
import static io.millrace.jobs.admit.JsonFields.number;
import static io.millrace.jobs.admit.RejectedPromptException.invalid;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.schemas.Prompt;
import java.util.ArrayList;
import java.util.List;

/** Reads how a request body wants tokens drawn, and where an answer ends. */
final class SamplingFields {
  private SamplingFields() {}

  /** Copies the parameters that the body has; ranges are checked at admission. */
  static void read(JsonNode body, Prompt.Builder prompt) throws RejectedPromptException {
    for (String penalty : List.of("presence_penalty", "frequency_penalty")) {
      Double value = number(body, penalty);
      if (value != null && value != 0) {
        throw invalid(penalty + " is not supported; use repetition_penalty");
      }
    }
    Integer maxTokens = integer(body, "max_completion_tokens");
    prompt
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
        .setIgnoreEos(Boolean.TRUE.equals(bool(body, "ignore_eos")) ? true : null);
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
}
