package io.millrace.engine.tokenizer;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaProcessors;
import com.hubspot.jinjava.interpret.Context;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A model's chat template: Jinja text that turns messages into the prompt the model was trained on.
 *
 * <p>Rendered as Hugging Face's transformers do: blocks trimmed, {@code raise_exception}, {@code
 * strftime_now} (in UTC), {@code tojson}, {@code namespace}, {@code break} and {@code continue},
 * Python's string methods. Known differences: a boolean prints as {@code true}, and an attribute of
 * something undefined is undefined where Jinja fails. Slices with a step and {@code for ... if} are
 * refused; the {@code else} of a loop is not rendered. Tools are not passed.
 *
 * <p>Templates come with model files and are not trusted. They reach no files, classes or other
 * templates; what they compute is bounded in steps and in the size of every text and list.
 *
 * <p>Immutable, thread-safe.
 */
public final class ChatTemplate {
  /** ChatML, which many models without a template of their own were trained on. */
  public static final String CHATML =
      "{% for message in messages %}"
          + "{{ '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
          + "{% endfor %}"
          + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

  /** The messages' contents, a line break between them: for models that know no roles. */
  public static final String PLAIN =
      "{% for message in messages %}"
          + "{{ message.content }}{% if not loop.last %}{{ '\\n' }}{% endif %}"
          + "{% endfor %}";

  /** Longest prompt, and longest text on the way to it. */
  static final int OUTPUT_CHARS_MAX = 1 << 24;

  /** Longest template. */
  static final int TEMPLATE_CHARS_MAX = 1 << 18;

  /** Most nodes of the template's tree that one rendering visits. */
  static final int STEPS_MAX = 1_000_000;

  private static final int MESSAGES_MAX = 10_000;
  private static final int RECURSION_MAX = 20;

  /** Deepest nesting of brackets in an expression: the library's parser takes long over more. */
  private static final int BRACKETS_MAX = 32;

  private static final Map<Context.Library, Set<String>> DISABLED = TemplateLibrary.disabled();
  private static final Jinjava JINJA = jinja();

  private final String source;
  private final String bosText;
  private final String eosText;
  private final Clock clock;

  private ChatTemplate(String source, String bosText, String eosText, Clock clock) {
    this.source = source;
    this.bosText = bosText;
    this.eosText = eosText;
    this.clock = clock;
  }

  /**
   * A template that tells the time, if it does, by the system's clock.
   *
   * @param jinja the template
   * @param bosText spelling of the begin-of-text token, or empty
   * @param eosText spelling of the end-of-text token, or empty
   * @throws ChatTemplateException if the template is too long
   */
  public static ChatTemplate of(String jinja, String bosText, String eosText)
      throws ChatTemplateException {
    return of(jinja, bosText, eosText, Clock.systemUTC());
  }

  /** A template with a clock of its own. */
  public static ChatTemplate of(String jinja, String bosText, String eosText, Clock clock)
      throws ChatTemplateException {
    if (jinja.length() > TEMPLATE_CHARS_MAX) {
      throw new ChatTemplateException(
          "the chat template is longer than " + TEMPLATE_CHARS_MAX + " characters");
    }
    checkNesting(jinja);
    checkLoops(jinja);
    // Jinja drops one line break at the end of a template.
    String source = jinja.endsWith("\n") ? jinja.substring(0, jinja.length() - 1) : jinja;
    return new ChatTemplate(source, bosText, eosText, clock);
  }

  private static void checkNesting(String jinja) throws ChatTemplateException {
    int depth = 0;
    for (int i = 0; i < jinja.length(); i++) {
      char c = jinja.charAt(i);
      boolean tagBorder =
          i > 0 && ((c == '}' && "%}#".indexOf(jinja.charAt(i - 1)) >= 0) || isTagStart(jinja, i));
      if (tagBorder) {
        depth = 0;
      } else if (c == '(' || c == '[') {
        depth++;
      } else if (c == ')' || c == ']') {
        depth--;
      }
      if (depth > BRACKETS_MAX) {
        throw new ChatTemplateException(
            "the chat template nests more than " + BRACKETS_MAX + " brackets");
      }
    }
  }

  /** Refuses filtered loops, which the library would take for loops over nothing. */
  private static void checkLoops(String jinja) throws ChatTemplateException {
    int start = jinja.indexOf("{%");
    while (start >= 0) {
      int end = jinja.indexOf("%}", start);
      if (end < 0) {
        return;
      }
      String tag = jinja.substring(start + 2, end).replaceAll("\\s+", " ");
      int condition = tag.indexOf(" if ");
      if (tag.matches("[-+]? ?for .*") && condition >= 0 && !tag.contains(" else ")) {
        throw new ChatTemplateException(
            "the chat template has a loop with a condition (for ... if), which is not supported");
      }
      start = jinja.indexOf("{%", end);
    }
  }

  private static boolean isTagStart(String jinja, int i) {
    return jinja.charAt(i - 1) == '{' && "{%#".indexOf(jinja.charAt(i)) >= 0;
  }

  /** The template's text. */
  public String source() {
    return source;
  }

  /**
   * Renders a conversation.
   *
   * @param addGenerationPrompt whether the text ends where the model's answer begins
   * @throws ChatTemplateException if the template refuses the messages, is broken, or exceeds a
   *     bound
   */
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt)
      throws ChatTemplateException {
    if (messages.size() > MESSAGES_MAX) {
      throw new ChatTemplateException("more than " + MESSAGES_MAX + " messages");
    }
    List<Map<String, Object>> values = new ArrayList<>();
    for (ChatMessage message : messages) {
      if (message.role() == null || message.content() == null) {
        throw new ChatTemplateException("a message lacks its role or its content");
      }
      Map<String, Object> value = new LinkedHashMap<>();
      value.put("role", message.role());
      value.put("content", message.content());
      values.add(value);
    }
    Map<String, Object> bindings = new LinkedHashMap<>();
    bindings.put("messages", values);
    bindings.put("add_generation_prompt", addGenerationPrompt);
    bindings.put("bos_token", bosText);
    bindings.put("eos_token", eosText);
    Steps steps = new Steps();
    RenderResult result;
    try {
      result = JINJA.renderForResult(source, bindings, config(clock, steps));
    } catch (RuntimeException | StackOverflowError e) {
      throw new ChatTemplateException("chat template: " + rootMessage(e));
    }
    if (steps.exceeded()) {
      throw new ChatTemplateException("chat template: more than " + STEPS_MAX + " steps");
    }
    if (!result.getErrors().isEmpty()) {
      throw new ChatTemplateException(
          "chat template: " + describe(result.getErrors().get(0), messages));
    }
    return result.getOutput();
  }

  /** Counts one rendering's steps. */
  private static final class Steps {
    private int taken;

    boolean exceeded() {
      return taken > STEPS_MAX;
    }

    void next() {
      taken++;
      if (exceeded()) {
        throw new IllegalStateException("more than " + STEPS_MAX + " steps");
      }
    }
  }

  private static JinjavaConfig config(Clock clock, Steps steps) {
    return JinjavaConfig.newBuilder()
        .withTrimBlocks(true)
        .withLstripBlocks(true)
        .withKeepTrailingNewline(true)
        .withLegacyOverrides(
            LegacyOverrides.newBuilder()
                .withEvaluateMapKeys(true)
                .withIterateOverMapKeys(true)
                .withUsePyishObjectMapper(true)
                .withUseNaturalOperatorPrecedence(true)
                .withParseWhitespaceControlStrictly(true)
                .withAllowAdjacentTextNodes(true)
                .withUseTrimmingForNotesAndExpressions(true)
                .withKeepNullableLoopValues(true)
                .withHandleBackslashInQuotesOnly(true)
                .build())
        // Otherwise what a message says would be a template too.
        .withNestedInterpretationEnabled(false)
        .withDisabled(DISABLED)
        .withElResolver(new TemplateValues())
        .withInterperterFactory(new StrictContext.Interpreters())
        .withMaxOutputSize(OUTPUT_CHARS_MAX)
        .withMaxStringLength(OUTPUT_CHARS_MAX)
        .withMaxListSize(2 * MESSAGES_MAX)
        .withMaxMapSize(2 * MESSAGES_MAX)
        .withRangeLimit(1000)
        .withMaxRenderDepth(RECURSION_MAX)
        .withEnableRecursiveMacroCalls(false)
        .withMaxMacroRecursionDepth(RECURSION_MAX)
        .withDateTimeProvider(clock::millis)
        .withProcessors(
            JinjavaProcessors.newBuilder()
                .withNodePreProcessor((node, interpreter) -> steps.next())
                .build())
        .build();
  }

  private static Jinjava jinja() {
    Jinjava jinja = new Jinjava(config(Clock.systemUTC(), new Steps()));
    TemplateLibrary.install(jinja);
    return jinja;
  }

  /** What went wrong first; in the library's words only if they do not quote a message. */
  private static String describe(TemplateError error, List<ChatMessage> messages) {
    for (Throwable e = error.getException(); e != null; e = e.getCause()) {
      if (e instanceof TemplateLibrary.Refusal) {
        return String.valueOf(e.getMessage());
      }
    }
    String text = String.valueOf(error.getMessage());
    for (ChatMessage message : messages) {
      String content = message.content();
      if (content.length() > 2
          && text.contains(content.substring(0, Math.min(8, content.length())))) {
        return error.getReason() + " in line " + error.getLineno();
      }
    }
    return text;
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root instanceof StackOverflowError
        ? "nested too deep"
        : String.valueOf(root.getMessage());
  }
}
