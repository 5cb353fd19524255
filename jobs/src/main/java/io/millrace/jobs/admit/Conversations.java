package io.millrace.jobs.admit;

import static io.millrace.jobs.admit.RejectedPromptException.invalid;

import io.millrace.engine.tokenizer.Conversation;
import io.millrace.schemas.Message;
import io.millrace.schemas.Prompt;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A prompt's messages and tools as a chat template takes them. */
final class Conversations {
  private static final String ASSISTANT = "assistant";

  private Conversations() {}

  /**
   * @param tools JSON text of the tools that the model is told of; null for none
   */
  static Conversation of(Prompt prompt, String tools) throws RejectedPromptException {
    if (prompt.getMessages() == null || prompt.getMessages().isEmpty()) {
      throw invalid("messages must be a list of at least one message");
    }
    List<Map<String, Object>> messages = new ArrayList<>(prompt.getMessages().size());
    for (Message message : prompt.getMessages()) {
      messages.add(message(message, "messages[" + messages.size() + "]"));
    }
    return new Conversation(messages, Tools.read(tools), true, Map.of());
  }

  /** A field that a message lacks is absent, for templates ask whether it is there. */
  private static Map<String, Object> message(Message message, String at)
      throws RejectedPromptException {
    if (message.getRole().isEmpty()) {
      throw invalid("a message has no role");
    }
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("role", message.getRole());
    values.put("content", message.getContent());
    if (message.getName() != null) {
      values.put("name", message.getName());
    }
    if (message.getToolCalls() != null) {
      if (!message.getRole().equals(ASSISTANT)) {
        throw invalid(at + " has tool_calls, but not the role assistant");
      }
      List<Map<String, Object>> calls = Tools.readCalls(message.getToolCalls(), at);
      if (!calls.isEmpty()) {
        values.put("tool_calls", calls);
        // Calls without a text: in OpenAI's form there is no content then.
        values.put("content", message.getContent().isEmpty() ? null : message.getContent());
      }
    }
    if (message.getToolCallId() != null) {
      values.put("tool_call_id", message.getToolCallId());
    }
    return values;
  }
}
