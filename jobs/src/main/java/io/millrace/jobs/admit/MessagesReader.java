package io.millrace.jobs.admit;

import static io.millrace.jobs.admit.JsonFields.text;
import static io.millrace.jobs.admit.RejectedPromptException.invalid;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.schemas.Message;
import java.util.ArrayList;
import java.util.List;

/** Reads {@code messages} of a request body. */
final class MessagesReader {
  private MessagesReader() {}

  static List<Message> read(JsonNode node) throws RejectedPromptException {
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
}
