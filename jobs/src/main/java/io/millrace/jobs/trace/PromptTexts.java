package io.millrace.jobs.trace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.schemas.Choice;
import io.millrace.schemas.Message;
import io.millrace.schemas.Response;
import io.opentelemetry.api.trace.Span;
import java.util.List;
import java.util.function.Function;

/** The texts of prompts and answers, for those who asked for them, up to a length. */
final class PromptTexts {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Function<AdmittedPrompt, List<Message>> messages;
  private final int lengthMax;

  /**
   * @param messages reads a prompt's
   * @param lengthMax of a prompt's text, and of an answer's, characters
   */
  PromptTexts(Function<AdmittedPrompt, List<Message>> messages, int lengthMax) {
    this.messages = messages;
    this.lengthMax = lengthMax;
  }

  /**
   * @param response null if there is no answer
   */
  void add(Span span, AdmittedPrompt prompt, Response response) {
    Conversation input = new Conversation(lengthMax);
    for (Message message : messages.apply(prompt)) {
      input.add(message);
    }
    span.setAttribute(Names.INPUT_MESSAGES, input.json());
    boolean cut = input.cut;
    if (response != null) {
      Conversation output = new Conversation(lengthMax);
      for (Choice choice : response.getChoices()) {
        ObjectNode added = output.add(choice.getMessage());
        if (added != null) {
          added.put("finish_reason", String.valueOf(choice.getFinishReason()));
        }
      }
      span.setAttribute(Names.OUTPUT_MESSAGES, output.json());
      cut |= output.cut;
    }
    if (cut) {
      span.setAttribute(Names.TEXT_CUT, true);
    }
  }

  /** Messages in the conventions' form, as many as there is room for. */
  private static final class Conversation {
    private final ArrayNode array = JSON.createArrayNode();
    private int room;
    private boolean cut;

    Conversation(int room) {
      this.room = room;
    }

    /** The message as it was added; null if there was no room. */
    ObjectNode add(Message message) {
      if (room == 0) {
        cut = true;
        return null;
      }
      ObjectNode object = array.addObject().put("role", fitting(message.getRole()));
      ArrayNode parts = object.putArray("parts");
      parts.addObject().put("type", "text").put("content", fitting(message.getContent()));
      if (message.getToolCalls() != null) {
        parts.addObject().put("type", "tool_calls").put("content", fitting(message.getToolCalls()));
      }
      return object;
    }

    /** As much as there is room for, and no half of a character. */
    private String fitting(String text) {
      int length = Math.min(text.length(), room);
      if (length > 0
          && length < text.length()
          && Character.isHighSurrogate(text.charAt(length - 1))) {
        length--;
      }
      cut |= length < text.length();
      room = length < text.length() ? 0 : room - length;
      return text.substring(0, length);
    }

    String json() {
      try {
        return JSON.writeValueAsString(array);
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("a tree is always JSON", e);
      }
    }
  }
}
