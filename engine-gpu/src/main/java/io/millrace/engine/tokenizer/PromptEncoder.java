package io.millrace.engine.tokenizer;

import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufMetadata;
import io.millrace.engine.tokenizer.jinja.PythonStrings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Messages to the token ids of a prompt: a chat template and a tokenizer together.
 *
 * <p>What a message says never becomes a control token, even if it spells one: only the template's
 * own text does. To tell the two apart in the rendered text, contents are rendered once as they are
 * and once between two marks, Unicode noncharacters that occur nowhere else. If the marked text
 * without its marks is the plain text, the marks show which parts are contents; the prompt is then
 * encoded as one text in which those parts are plain. If not (a template that decides by what a
 * content starts with, for instance), the text is encoded as a whole where no content spells a
 * control token, and refused where one does.
 *
 * <p>The begin-of-text token stands at the start where the vocabulary wants it, once: a template
 * that writes it is not given a second.
 *
 * <p>Immutable, thread-safe.
 */
public final class PromptEncoder {
  private static final String TEMPLATE_KEY = "tokenizer.chat_template";

  /** Roles stand in the template's own text, so they may not spell anything. */
  private static final Pattern ROLE = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

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
   * Encodes a conversation, ready for the model to answer.
   *
   * @return the prompt's token ids
   * @throws ChatTemplateException if the messages cannot be rendered, or not safely
   */
  public int[] encode(List<ChatMessage> messages) throws ChatTemplateException {
    for (ChatMessage message : messages) {
      if (message.role() == null || !ROLE.matcher(message.role()).matches()) {
        throw new ChatTemplateException(
            "a role must be 1 to 64 letters, digits, dots, underscores or hyphens");
      }
    }
    int[] tokens = tokenizer.encode(parts(messages));
    int bos = tokenizer.bosToken();
    if (!tokenizer.addsBos() || bos < 0 || (tokens.length > 0 && tokens[0] == bos)) {
      return tokens;
    }
    int[] withBos = new int[tokens.length + 1];
    withBos[0] = bos;
    System.arraycopy(tokens, 0, withBos, 1, tokens.length);
    return withBos;
  }

  private List<TextPart> parts(List<ChatMessage> messages) throws ChatTemplateException {
    String plain = template.render(messages, true);
    List<Character> marks = unusedMarks(plain, messages);
    if (marks.size() == 2) {
      String marked = renderMarked(messages, marks.get(0), marks.get(1));
      List<TextPart> parts = split(marked, marks.get(0), marks.get(1));
      StringBuilder joined = new StringBuilder();
      parts.forEach(part -> joined.append(part.text()));
      if (joined.toString().equals(plain)) {
        return parts;
      }
    }
    for (ChatMessage message : messages) {
      int[] special = tokenizer.encode(message.content(), true);
      if (!Arrays.equals(special, tokenizer.encode(message.content(), false))) {
        throw new ChatTemplateException(
            "a message spells a control token, and this model's chat template does not let it be"
                + " told from the template's own");
      }
    }
    return List.of(new TextPart(plain, true));
  }

  /** Renders with marks; a template that fails on them alone gives no parts. */
  private String renderMarked(List<ChatMessage> messages, char open, char close) {
    List<ChatMessage> marked = new ArrayList<>();
    for (ChatMessage message : messages) {
      marked.add(new ChatMessage(message.role(), mark(message.content(), open, close)));
    }
    try {
      return template.render(marked, true);
    } catch (ChatTemplateException e) {
      return "";
    }
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

  private static List<Character> unusedMarks(String plain, List<ChatMessage> messages) {
    List<Character> unused = new ArrayList<>();
    for (char c = MARK_FIRST; c <= MARK_LAST && unused.size() < 2; c++) {
      char candidate = c;
      boolean used =
          plain.indexOf(candidate) >= 0
              || messages.stream().anyMatch(m -> m.content().indexOf(candidate) >= 0);
      if (!used) {
        unused.add(candidate);
      }
    }
    return unused;
  }
}
