package io.millrace.engine.tokenizer;

import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufMetadata;
import io.millrace.engine.tokenizer.jinja.PythonStrings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Messages to the token ids of a prompt: a chat template and a tokenizer together.
 *
 * <p>What a sender wrote never becomes a control token, even if it spells one: only the template's
 * own text does. To tell the two apart in the rendered text, contents and the texts of tools
 * ({@link UserTexts}) are rendered once as they are and once between two marks, Unicode
 * noncharacters that occur nowhere else. If the marked text without its marks is the plain text,
 * the marks show which parts are contents; the prompt is then encoded as one text in which those
 * parts are plain. If not (a template that decides by what a content starts with, for instance),
 * the text is encoded as a whole where no content spells a control token, and refused where one
 * does.
 *
 * <p>The begin-of-text token stands at the start where the vocabulary wants it, once: a template
 * that writes it is not given a second.
 *
 * <p>Immutable, thread-safe.
 */
public final class PromptEncoder {
  private static final String TEMPLATE_KEY = "tokenizer.chat_template";

  private static final String TOOL_CALLS = "tool_calls";

  private static final char MARK_FIRST = '\uFDD0';
  private static final char MARK_LAST = '\uFDEF';

  private final ChatTemplate template;
  private final Tokenizer tokenizer;

  public PromptEncoder(ChatTemplate template, Tokenizer tokenizer) {
    this.template = template;
    this.tokenizer = tokenizer;
  }

  /**
   * The encoder of a model file: its {@code tokenizer.chat_template}. For a file without one,
   * {@link ChatTemplate#CHATML} if the vocabulary has ChatML's two tokens, else {@link
   * ChatTemplate#PLAIN}.
   *
   * @throws GgufFormatException if the template is not usable
   */
  public static PromptEncoder fromGguf(GgufMetadata metadata, Tokenizer tokenizer)
      throws GgufFormatException {
    String jinja =
        metadata
            .string(TEMPLATE_KEY)
            .orElseGet(() -> knowsChatml(tokenizer) ? ChatTemplate.CHATML : ChatTemplate.PLAIN);
    String bos = tokenizer.bosToken() < 0 ? "" : tokenizer.piece(tokenizer.bosToken());
    String eos = tokenizer.eosToken() < 0 ? "" : tokenizer.piece(tokenizer.eosToken());
    try {
      return new PromptEncoder(ChatTemplate.of(jinja, bos, eos), tokenizer);
    } catch (ChatTemplateException e) {
      throw new GgufFormatException(metadata.source() + ": " + e.getMessage());
    }
  }

  private static boolean knowsChatml(Tokenizer tokenizer) {
    return tokenizer.encode("<|im_start|>", true).length == 1
        && tokenizer.encode("<|im_end|>", true).length == 1;
  }

  /** The template, whose text is a part of what determines an answer. */
  public ChatTemplate template() {
    return template;
  }

  /**
   * Encodes a conversation of plain texts, ready for the model to answer.
   *
   * @return the prompt's token ids
   * @throws ChatTemplateException if the messages cannot be rendered, or not safely
   */
  public int[] encode(List<ChatMessage> messages) throws ChatTemplateException {
    return encode(ChatTemplate.conversation(messages, true));
  }

  /**
   * Encodes a conversation.
   *
   * @return the prompt's token ids
   * @throws ChatTemplateException if the conversation cannot be rendered, or not safely, or has
   *     tools or tool calls that the template does not show to the model
   */
  public int[] encode(Conversation conversation) throws ChatTemplateException {
    for (Map<String, Object> message : conversation.messages()) {
      if (!(message.get("role") instanceof String role)
          || !UserTexts.NAME.matcher(role).matches()) {
        throw new ChatTemplateException(
            "a role must be 1 to 64 letters, digits, dots, underscores or hyphens");
      }
    }
    int[] tokens = tokenizer.encode(parts(conversation));
    int bos = tokenizer.bosToken();
    if (!tokenizer.addsBos() || bos < 0 || (tokens.length > 0 && tokens[0] == bos)) {
      return tokens;
    }
    int[] withBos = new int[tokens.length + 1];
    withBos[0] = bos;
    System.arraycopy(tokens, 0, withBos, 1, tokens.length);
    return withBos;
  }

  private List<TextPart> parts(Conversation conversation) throws ChatTemplateException {
    String plain = template.render(conversation);
    requireToolsShown(conversation, plain);
    for (String key : UserTexts.keys(conversation)) {
      requireHarmless(key);
    }
    List<String> texts = UserTexts.of(conversation);
    List<Character> marks = unusedMarks(plain, texts);
    if (marks.size() == 2) {
      List<TextPart> parts = marked(conversation, marks.get(0), marks.get(1));
      StringBuilder joined = new StringBuilder();
      parts.forEach(part -> joined.append(part.text()));
      if (joined.toString().equals(plain)) {
        return parts;
      }
    }
    for (String text : texts) {
      requireHarmless(text);
    }
    return List.of(new TextPart(plain, true));
  }

  /** Tools that the model would never hear of are an error, not a detail. */
  private void requireToolsShown(Conversation conversation, String plain)
      throws ChatTemplateException {
    if (!conversation.tools().isEmpty()
        && plain.equals(
            renderedOrNull(
                new Conversation(
                    conversation.messages(),
                    List.of(),
                    conversation.addGenerationPrompt(),
                    conversation.variables())))) {
      throw new ChatTemplateException("this model's chat template does not show tools");
    }
    if (conversation.messages().stream().noneMatch(message -> message.containsKey(TOOL_CALLS))) {
      return;
    }
    List<Map<String, Object>> callless = new ArrayList<>();
    for (Map<String, Object> message : conversation.messages()) {
      Map<String, Object> without = new LinkedHashMap<>(message);
      without.remove(TOOL_CALLS);
      callless.add(without);
    }
    if (plain.equals(
        renderedOrNull(
            new Conversation(
                callless,
                conversation.tools(),
                conversation.addGenerationPrompt(),
                conversation.variables())))) {
      throw new ChatTemplateException("this model's chat template does not show tool calls");
    }
  }

  private String renderedOrNull(Conversation conversation) {
    try {
      return template.render(conversation);
    } catch (ChatTemplateException e) {
      return null;
    }
  }

  private void requireHarmless(String text) throws ChatTemplateException {
    if (!Arrays.equals(tokenizer.encode(text, true), tokenizer.encode(text, false))) {
      throw new ChatTemplateException(
          "a message spells a control token, and this model's chat template does not let it be"
              + " told from the template's own");
    }
  }

  /** The parts between the marks; none if a template fails on marks or tears them apart. */
  private List<TextPart> marked(Conversation conversation, char open, char close) {
    String rendered = renderedOrNull(UserTexts.map(conversation, text -> mark(text, open, close)));
    return rendered == null ? List.of() : split(rendered, open, close);
  }

  /** Marks stand inside the white space around a text, so that a template can still strip it. */
  private static String mark(String content, char open, char close) {
    int start = 0;
    int end = content.length();
    while (start < end && PythonStrings.isSpace(content.charAt(start))) {
      start++;
    }
    while (end > start && PythonStrings.isSpace(content.charAt(end - 1))) {
      end--;
    }
    return start == end
        ? content
        : content.substring(0, start)
            + open
            + content.substring(start, end)
            + close
            + content.substring(end);
  }

  private static List<TextPart> split(String marked, char open, char close) {
    List<TextPart> parts = new ArrayList<>();
    boolean content = false;
    int at = 0;
    for (int i = 0; i < marked.length(); i++) {
      char c = marked.charAt(i);
      if (c == open || c == close) {
        if (content == (c == open)) {
          return List.of(); // torn apart: says nothing about what is whose
        }
        parts.add(new TextPart(marked.substring(at, i), !content));
        content = c == open;
        at = i + 1;
      }
    }
    parts.add(new TextPart(marked.substring(at), true));
    return content ? List.of() : parts;
  }

  private static List<Character> unusedMarks(String plain, List<String> texts) {
    List<Character> unused = new ArrayList<>();
    for (char c = MARK_FIRST; c <= MARK_LAST && unused.size() < 2; c++) {
      char candidate = c;
      if (plain.indexOf(candidate) < 0
          && texts.stream().noneMatch(text -> text.indexOf(candidate) >= 0)) {
        unused.add(candidate);
      }
    }
    return unused;
  }
}
