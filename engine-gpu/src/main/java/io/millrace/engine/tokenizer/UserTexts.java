package io.millrace.engine.tokenizer;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * The texts of a conversation that its sender wrote, wherever they stand: contents, and the strings
 * in tools, in tool calls and in what else a message holds. Not among them are roles, and names
 * within tools and calls (such as {@code function}, or a tool's own name): templates compare those,
 * and letters, digits, dots, underscores and hyphens alone spell no control token.
 */
final class UserTexts {
  /** What stands in a template's own text, and so may not spell anything. */
  static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

  private static final String ROLE = "role";
  private static final String CONTENT = "content";

  private UserTexts() {}

  /** The conversation with each of the texts changed. */
  static Conversation map(Conversation conversation, UnaryOperator<String> change) {
    List<Map<String, Object>> messages = new ArrayList<>();
    for (Map<String, Object> message : conversation.messages()) {
      Map<String, Object> changed = new LinkedHashMap<>(message);
      changed.replaceAll(
          (field, value) ->
              field.equals(ROLE)
                  ? value
                  : field.equals(CONTENT) && value instanceof String text
                      ? change.apply(text)
                      : changed(value, change));
      messages.add(changed);
    }
    List<Map<String, Object>> tools = new ArrayList<>();
    for (Map<String, Object> tool : conversation.tools()) {
      Map<String, Object> changed = new LinkedHashMap<>(tool);
      changed.replaceAll((field, value) -> changed(value, change));
      tools.add(changed);
    }
    return new Conversation(
        messages, tools, conversation.addGenerationPrompt(), conversation.variables());
  }

  private static Object changed(Object value, UnaryOperator<String> change) {
    if (value instanceof String text) {
      return NAME.matcher(text).matches() ? text : change.apply(text);
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> changed = new LinkedHashMap<>();
      map.forEach((key, entry) -> changed.put(key, changed(entry, change)));
      return changed;
    }
    if (value instanceof Collection<?> list) {
      List<Object> changed = new ArrayList<>();
      list.forEach(element -> changed.add(changed(element, change)));
      return changed;
    }
    return value;
  }

  /** The texts, in order. */
  static List<String> of(Conversation conversation) {
    List<String> texts = new ArrayList<>();
    map(
        conversation,
        text -> {
          texts.add(text);
          return text;
        });
    return texts;
  }

  /** The keys of objects, which a template may look up, and which stay as they are. */
  static List<String> keys(Conversation conversation) {
    List<String> keys = new ArrayList<>();
    conversation.messages().forEach(message -> addKeys(message, keys::add));
    conversation.tools().forEach(tool -> addKeys(tool, keys::add));
    return keys;
  }

  private static void addKeys(Object value, Consumer<String> keys) {
    if (value instanceof Map<?, ?> map) {
      map.forEach(
          (key, entry) -> {
            if (key instanceof String text && !NAME.matcher(text).matches()) {
              keys.accept(text);
            }
            addKeys(entry, keys);
          });
    } else if (value instanceof Collection<?> list) {
      list.forEach(element -> addKeys(element, keys));
    }
  }
}
