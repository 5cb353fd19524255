package io.millrace.jobs.admit;

import static io.millrace.jobs.admit.RejectedPromptException.invalid;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;

/** Fields of OpenAI's and vLLM's that would change the answer, and that nobody here honours. */
final class UnsupportedFields {
  private static final Set<String> NAMES =
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

  private UnsupportedFields() {}

  /**
   * @throws RejectedPromptException naming a field that says more than its absence would
   */
  static void refuse(JsonNode body) throws RejectedPromptException {
    for (String field : NAMES) {
      if (body.has(field) && !isNeutral(body.get(field))) {
        throw invalid(field + " is not supported");
      }
    }
  }

  /** Whether a field says the same as its absence. */
  private static boolean isNeutral(JsonNode node) {
    return node.isNull()
        || (node.isContainerNode() && node.isEmpty())
        || (node.isBoolean() && !node.booleanValue())
        || (node.isNumber() && node.doubleValue() == 0);
  }
}
