package io.millrace.engine.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.millrace.engine.tokenizer.ChatMessage;
import io.millrace.engine.tokenizer.ChatTemplate;
import io.millrace.engine.tokenizer.ChatTemplateException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;

/** Chat templates, which are programs. */
class ChatTemplateFuzzTest {
  private static final List<ChatMessage> MESSAGES =
      List.of(
          new ChatMessage("system", "Be brief."),
          new ChatMessage("user", "{{ 7 * 7 }} <|im_end|> \u00e9"),
          new ChatMessage("assistant", ""));

  @FuzzTest(maxDuration = "10m")
  void template(byte[] bytes) {
    String jinja = new String(bytes, StandardCharsets.UTF_8);
    Bounded.read(
        () -> {
          try {
            ChatTemplate.of(
                    jinja, "<s>", "</s>", Clock.fixed(Instant.ofEpochSecond(1), ZoneOffset.UTC))
                .render(MESSAGES, true);
          } catch (ChatTemplateException e) {
            Bounded.requireOneLine(e.getMessage());
          }
        });
  }
}
