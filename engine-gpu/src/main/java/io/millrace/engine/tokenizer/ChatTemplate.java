package io.millrace.engine.tokenizer;

import io.millrace.engine.tokenizer.jinja.JinjaException;
import io.millrace.engine.tokenizer.jinja.JinjaTemplate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model's chat template: Jinja text that turns messages into the prompt the model was trained on.
 *
 * <p>Rendered as Hugging Face's transformers do, by {@link JinjaTemplate}; {@code strftime_now} is
 * in UTC.
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

  /** Longest template. */
  static final int TEMPLATE_CHARS_MAX = 1 << 18;

  private static final int MESSAGES_MAX = 10_000;
  private final String source;
  private final JinjaTemplate template;
  private final String bosText;
  private final String eosText;
  private final Clock clock;

  private ChatTemplate(
      String source, JinjaTemplate template, String bosText, String eosText, Clock clock) {
    this.source = source;
    this.template = template;
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
    try {
      JinjaTemplate template = JinjaTemplate.parse(jinja);
      return new ChatTemplate(jinja, template, bosText, eosText, clock);
    } catch (JinjaException | StackOverflowError e) {
      throw failure(e);
    }
  }

  /** The template's text. */
  public String source() {
    return source;
  }

  /**
   * Renders a conversation of plain texts.
   *
   * @param addGenerationPrompt whether the text ends where the model's answer begins
   * @throws ChatTemplateException if the template refuses the messages, is broken, or exceeds a
   *     bound
   */
  public String render(List<ChatMessage> messages, boolean addGenerationPrompt)
      throws ChatTemplateException {
    return render(conversation(messages, addGenerationPrompt));
  }

  static Conversation conversation(List<ChatMessage> messages, boolean addGenerationPrompt)
      throws ChatTemplateException {
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
    return new Conversation(values, List.of(), addGenerationPrompt, Map.of());
  }

  /**
   * Renders a conversation.
   *
   * @throws ChatTemplateException if the template refuses the messages, is broken, or exceeds a
   *     bound
   */
  public String render(Conversation conversation) throws ChatTemplateException {
    List<Map<String, Object>> messages = conversation.messages();
    if (messages.size() > MESSAGES_MAX) {
      throw new ChatTemplateException("more than " + MESSAGES_MAX + " messages");
    }
    Map<String, Object> bindings = new LinkedHashMap<>(conversation.variables());
    bindings.put("messages", messages);
    bindings.put("tools", conversation.tools().isEmpty() ? null : conversation.tools());
    bindings.put("documents", null);
    bindings.put("add_generation_prompt", conversation.addGenerationPrompt());
    bindings.put("bos_token", bosText);
    bindings.put("eos_token", eosText);
    try {
      return template.render(bindings, clock);
    } catch (JinjaException | StackOverflowError e) {
      throw failure(e);
    }
  }

  /** One line, whatever the template says. */
  private static ChatTemplateException failure(Throwable e) {
    String message = e instanceof StackOverflowError ? "nested too deep" : e.getMessage();
    return new ChatTemplateException("chat template: " + message);
  }
}
