package io.millrace.jobs.admit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.tokenizer.ChatTemplate;
import io.millrace.engine.tokenizer.Conversation;
import io.millrace.jobs.testing.Messages;
import io.millrace.schemas.Message;
import io.millrace.schemas.Prompt;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConversationsTest {
  private static final String TOOLS =
      json(
          "[{'type':'function','function':{'name':'look_up','parameters':{'type':'object',"
              + "'properties':{'city':{'type':'string','maxLength':9}},'required':['city']}}}]");

  /** Shows everything, as the templates of Qwen and Hermes do. */
  private static final String TEMPLATE =
      "{%- for tool in tools %}{{ tool | tojson }}\n{% endfor %}"
          + "{%- for m in messages %}{{ m.role }}{% if m.name %}({{ m.name }}){% endif %}:"
          + "{% if m.content is not none %}{{ m.content }}{% endif %}"
          + "{% for c in m.tool_calls %}{{ c.id }} {{ c.function.name }} "
          + "{{ c.function.arguments | tojson }}{% endfor %}"
          + "{% if m.tool_call_id %}#{{ m.tool_call_id }}{% endif %}{{ '\n' }}{% endfor %}";

  @Test
  void toolsTheirCallsAndAnswersReachTheTemplate() throws Exception {
    Prompt prompt =
        Prompt.newBuilder()
            .setTools(TOOLS)
            .setMessages(
                List.of(
                    Messages.of("user", "The time in Rome?", "Ann"),
                    calling(
                        "{'id':'c1','type':'function','function':{'name':'look_up',"
                            + "'arguments':'{\\\"city\\\": \\\"Rome\\\", \\\"days\\\": [1, 2.5]}'}}"),
                    Message.newBuilder()
                        .setRole("tool")
                        .setContent("7 pm")
                        .setToolCallId("c1")
                        .build()))
            .build();

    Conversation conversation = Conversations.of(prompt, Tools.shown(prompt));

    assertThat(ChatTemplate.of(TEMPLATE, "", "").render(conversation))
        .isEqualTo(
            json(
                "{'type': 'function', 'function': {'name': 'look_up', 'parameters': {'type':"
                    + " 'object', 'properties': {'city': {'type': 'string', 'maxLength': 9}},"
                    + " 'required': ['city']}}}\n"
                    + "user(Ann):The time in Rome?\n"
                    + "assistant:c1 look_up {'city': 'Rome', 'days': [1, 2.5]}\n"
                    + "tool:7 pm#c1\n"));
  }

  @Test
  void whatAMessageLacksIsAbsent() throws Exception {
    Conversation conversation =
        Conversations.of(
            Prompt.newBuilder().setMessages(List.of(Messages.of("user", ""))).build(), null);

    assertThat(conversation.messages()).containsExactly(Map.of("role", "user", "content", ""));
    assertThat(conversation.tools()).isEmpty();
  }

  @Test
  void callsWithoutTextHaveNoContent() throws Exception {
    String call = "{'type':'function','function':{'name':'f','arguments':''}}";

    Conversation conversation =
        Conversations.of(Prompt.newBuilder().setMessages(List.of(calling(call))).build(), null);

    assertThat(conversation.messages().get(0))
        .containsEntry("content", null)
        .containsEntry(
            "tool_calls",
            List.of(
                Map.of(
                    "type", "function", "function", Map.of("name", "f", "arguments", Map.of()))));
  }

  @ParameterizedTest
  @ValueSource(strings = {"required", "look_up", ""})
  void aToolChoiceThatCannotBeHonouredIsRefused(String choice) {
    Prompt prompt =
        Prompt.newBuilder()
            .setMessages(List.of(Messages.of("user", "x")))
            .setTools(TOOLS)
            .setToolChoice(choice)
            .build();
    assertThatThrownBy(() -> Tools.shown(prompt))
        .isInstanceOf(RejectedPromptException.class)
        .hasMessage("tool_choice must be auto or none: a model cannot be made to call a tool");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}       | tools must be a list of at most 128
          7        | tools must be a list of at most 128
          [        | tools is not valid JSON, or nested more than 64 deep
          [] []    | tools is not valid JSON, or nested more than 64 deep
          [7]      | tools[0] must be {"type": "function", "function": {...}}
          [{}]     | tools[0] must be {"type": "function", "function": {...}}
          [{'type':'custom','custom':{}}] | tools[0] must be {"type": "function", "function": {...}}
          [{'type':'function','function':{}}] | tools[0].function.name must be 1 to 64 letters
          [{'type':'function','function':{'name':'a b'}}] | tools[0].function.name must be 1 to 64 letters
          [{'type':'function','function':{'name':'a','x':[9223372036854775808]}}] | tools[0] has a number that is out of range
          [{'type':'function','function':{'name':'a','x':1e400}}] | tools[0] has a number that is out of range
          """)
  void toolsThatAreWrongAreRefused(String tools, String message) {
    assertThatThrownBy(() -> Tools.read(json(tools)))
        .isInstanceOf(RejectedPromptException.class)
        .hasMessageStartingWith(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          7                                                | messages[0].tool_calls[0] must be {"type"
          {'type':'function','function':{'name':'f'}}      | messages[0].tool_calls[0].function.arguments must be the text of a JSON object
          {'type':'function','function':{'name':'f','arguments':'[]'}} | messages[0].tool_calls[0].function.arguments must be the text of a JSON object
          {'type':'function','function':{'name':'f','arguments':'{'}}  | messages[0].tool_calls[0].function.arguments is not valid JSON
          {'id':7,'type':'function','function':{'name':'f','arguments':'{}'}} | messages[0].tool_calls[0].id must be a string
          """)
  void callsThatAreWrongAreRefused(String call, String message) {
    Prompt prompt = Prompt.newBuilder().setMessages(List.of(calling(call))).build();
    assertThatThrownBy(() -> Conversations.of(prompt, null))
        .isInstanceOf(RejectedPromptException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void onlyTheAssistantCallsAndNotWithoutEnd() {
    String call = "{'type':'function','function':{'name':'f','arguments':'{}'}}";
    Message user = Message.newBuilder(calling(call)).setRole("user").build();
    Message many =
        calling(Collections.nCopies(129, call).stream().collect(Collectors.joining(",")));
    for (Message message : Arrays.asList(user, many)) {
      Prompt prompt = Prompt.newBuilder().setMessages(List.of(message)).build();
      assertThatThrownBy(() -> Conversations.of(prompt, null))
          .isInstanceOf(RejectedPromptException.class)
          .hasMessageStartingWith("messages[0]");
    }
  }

  private static Message calling(String calls) {
    return Message.newBuilder().setRole("assistant").setToolCalls("[" + json(calls) + "]").build();
  }

  private static String json(String quotes) {
    return quotes.replace('\'', '"');
  }
}
