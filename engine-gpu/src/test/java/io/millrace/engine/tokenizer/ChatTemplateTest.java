package io.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-01-02T03:04:05Z"), ZoneOffset.UTC);

  @Test
  void rendersAConversation() throws ChatTemplateException {
    ChatTemplate template = ChatTemplate.of(ChatTemplate.CHATML, "<s>", "</s>");
    List<ChatMessage> messages =
        List.of(new ChatMessage("system", "Be brief."), new ChatMessage("user", "Hi {{ 1 + 1 }}"));
    assertThat(template.render(messages, true))
        .isEqualTo(
            """
            <|im_start|>system
            Be brief.<|im_end|>
            <|im_start|>user
            Hi {{ 1 + 1 }}<|im_end|>
            <|im_start|>assistant
            """);
    assertThat(template.render(messages, false)).doesNotContain("assistant");
  }

  /** Expected texts come from Python's jinja2: see the folder's README. */
  @TestFactory
  List<DynamicTest> rendersAsTransformersDoes() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    JsonNode expected;
    try (InputStream in = resource("expected.json")) {
      expected = new ObjectMapper().readTree(in);
    }
    for (JsonNode each : expected) {
      String name = each.get("template").asText();
      tests.add(DynamicTest.dynamicTest(name + " " + tests.size(), () -> check(name, each)));
    }
    assertThat(tests).hasSize(60);
    return tests;
  }

  private static void check(String name, JsonNode expected) throws Exception {
    Optional<String> source = template(name);
    assumeTrue(
        source.isPresent(), "skipped: needs -Dmillrace.data=DIR with chat-templates/" + name);
    List<ChatMessage> messages = new ArrayList<>();
    for (JsonNode message : expected.get("messages")) {
      messages.add(new ChatMessage(message.get("role").asText(), message.get("content").asText()));
    }
    ChatTemplate template = ChatTemplate.of(source.orElseThrow(), "<s>", "</s>", CLOCK);
    boolean prompt = expected.get("add_generation_prompt").asBoolean();
    if (expected.has("error")) {
      assertThatThrownBy(() -> template.render(messages, prompt))
          .isInstanceOf(ChatTemplateException.class)
          .hasMessage("chat template: " + expected.get("error").asText());
    } else {
      assertThat(template.render(messages, prompt)).isEqualTo(expected.get("text").asText());
    }
  }

  private static Optional<String> template(String name) throws IOException {
    try (InputStream in = resource(name)) {
      if (in != null) {
        return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    String data = System.getProperty("millrace.data");
    Path file = data == null ? null : Path.of(data, "chat-templates", name);
    return file == null || !Files.exists(file)
        ? Optional.empty()
        : Optional.of(Files.readString(file));
  }

  private static InputStream resource(String name) {
    return ChatTemplateTest.class.getResourceAsStream("/chat-templates/" + name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ ''.getClass() }}",
        "{{ messages.getClass() }}",
        "{{ ____int3rpr3t3r____.getConfig() }}",
        "{% include 'log4j2-quiet.properties' %}",
        "{% extends 'x' %}",
        "{% import 'x' as y %}",
        "{% if %}",
        "{% for x in %}",
        "{{ nothing_like_it() }}",
        "{{ messages|render }}",
        "{{ 'x'|no_such_filter }}",
        "{{ 'x' is no_such_test }}",
        "{{ messages|map('no_such_filter')|list }}",
        "{{ 'a'.repeat(1000000000) }}",
        "{{ 'a'|center(2000000000) }}",
        "{{ '%1000000000d'|format(1) }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% set n = namespace(x='aaaaaaaa') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}"
            + "{% endfor %}",
        "{% for i in range(1000) %}{% for j in range(1000) %}{% for k in range(1000) %}x"
            + "{% endfor %}{% endfor %}{% endfor %}",
        "{{ raise_exception('two\nlines') }}",
      })
  void refusesInOneLineWhatIsBrokenOrReachesTooFar(String jinja) {
    assertThatThrownBy(
            () ->
                ChatTemplate.of(jinja, "", "")
                    .render(List.of(new ChatMessage("user", "SECRET-TEXT")), true))
        .isInstanceOf(ChatTemplateException.class)
        .message()
        .startsWith("chat template: ")
        .doesNotContain("\n")
        .doesNotContain("SECRET-TEXT");
  }

  @Test
  void refusesDeepNestingBeforeParsingIt() {
    String deep = "{{ " + "(".repeat(1000) + "1" + ")".repeat(1000) + " }}";
    assertThatThrownBy(() -> ChatTemplate.of(deep, "", ""))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining("nests more than");
  }

  /** Tools, tool calls and what else only some templates know; see the folder's README. */
  @TestFactory
  List<DynamicTest> rendersToolsAsTransformersDoes() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    JsonNode expected;
    try (InputStream in = resource("conversations.json")) {
      expected = new ObjectMapper().readTree(in);
    }
    for (JsonNode each : expected.get("rendered")) {
      String name = each.get("template").asText();
      String conversation = each.get("conversation").asText();
      JsonNode input = expected.get("conversations").get(conversation);
      tests.add(
          DynamicTest.dynamicTest(
              name + " " + conversation, () -> checkConversation(name, input, each)));
    }
    assertThat(tests).hasSizeGreaterThan(50);
    return tests;
  }

  private static void checkConversation(String name, JsonNode input, JsonNode expected)
      throws Exception {
    Map<String, Object> values =
        new ObjectMapper()
            .convertValue(input, new TypeReference<LinkedHashMap<String, Object>>() {});
    Conversation conversation =
        new Conversation(
            maps(values.remove("messages")), maps(values.remove("tools")), true, values);
    ChatTemplate template = ChatTemplate.of(template(name).orElseThrow(), "<s>", "</s>", CLOCK);
    if (expected.has("error")) {
      assertThatThrownBy(() -> template.render(conversation))
          .isInstanceOf(ChatTemplateException.class);
    } else {
      assertThat(template.render(conversation)).isEqualTo(expected.get("text").asText());
    }
  }

  private static List<Map<String, Object>> maps(Object value) {
    return value == null
        ? List.of()
        : new ObjectMapper().convertValue(value, new TypeReference<List<Map<String, Object>>>() {});
  }
}
