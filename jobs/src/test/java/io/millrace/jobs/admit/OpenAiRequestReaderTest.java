package io.millrace.jobs.admit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.testing.Messages;
import io.millrace.schemas.CacheControl;
import io.millrace.schemas.Message;
import io.millrace.schemas.Prompt;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpenAiRequestReaderTest {
  private static final String HELLO = "'messages': [{'role': 'user', 'content': 'hello'}]";

  private final OpenAiRequestReader reader = new OpenAiRequestReader(1 << 20);

  @Test
  void readsABody() throws Exception {
    Prompt prompt =
        read(
            """
            {'model': 'small', 'user': 'acme', 'temperature': 0.5, 'top_p': 0.9, 'top_k': 40,
             'min_p': 0.05, 'repetition_penalty': 1.1, 'seed': 9007199254740993,
             'stop': ['END', '\\n'], 'max_completion_tokens': 7, 'logprobs': true,
             'top_logprobs': 3, 'n': 1, 'response_format': {'type': 'text'},
             'metadata': {'run': '7'}, 'service_tier': 'flex', 'priority': -2,
             'deadline': 1700000000000, 'prompt_cache_key': 'k', 'cache_salt': 's',
             'cache': {'no-cache': true, 'no-store': true, 'use-cache': false, 'ttl': 60,
                       'namespace': 'n'},
             'messages': [{'role': 'system', 'content': 'Be brief.'},
                          {'role': 'user', 'name': 'Ann', 'content': 'h\\u00e9llo \\ud83d\\ude00'}]}
            """);

    assertThat(prompt)
        .isEqualTo(
            Prompt.newBuilder()
                .setModel("small")
                .setTenant("acme")
                .setTemperature(0.5)
                .setTopP(0.9)
                .setTopK(40)
                .setMinP(0.05)
                .setRepetitionPenalty(1.1)
                .setSeed(9007199254740993L)
                .setStop(List.of("END", "\n"))
                .setMaxCompletionTokens(7)
                .setLogprobs(true)
                .setTopLogprobs(3)
                .setN(1)
                .setResponseFormat("{\"type\":\"text\"}")
                .setMetadata(Map.of("run", "7"))
                .setServiceTier("flex")
                .setPriority(-2)
                .setDeadline(Instant.ofEpochMilli(1_700_000_000_000L))
                .setPromptCacheKey("k")
                .setCacheSalt("s")
                .setCache(
                    CacheControl.newBuilder()
                        .setNoCache(true)
                        .setNoStore(true)
                        .setUseCache(false)
                        .setTtlSeconds(60L)
                        .setNamespace("n")
                        .build())
                .setMessages(
                    List.of(
                        Messages.of("system", "Be brief."),
                        Messages.of("user", "h\u00e9llo \ud83d\ude00", "Ann")))
                .build());
  }

  @Test
  void readsALineOfABatchFile() throws Exception {
    Prompt prompt =
        read(
            "{'custom_id': 'line-1', 'method': 'POST', 'url': '/v1/chat/completions', 'body': {"
                + HELLO
                + "}}");

    assertThat(prompt.getCustomId()).isEqualTo("line-1");
    assertThat(prompt.getMessages()).containsExactly(Messages.of("user", "hello"));
  }

  @Test
  void leavesWhatIsNotSaidToTheDefaults() throws Exception {
    Prompt prompt = read("{" + HELLO + ", 'temperature': null, 'stop': null, 'cache': null}");

    assertThat(prompt)
        .isEqualTo(Prompt.newBuilder().setMessages(List.of(Messages.of("user", "hello"))).build());
  }

  @Test
  void takesTheOldNameOfTheTokenLimitAndPrefersTheNewOne() throws Exception {
    assertThat(with("'max_tokens': 5").getMaxCompletionTokens()).isEqualTo(5);
    assertThat(with("'max_tokens': 5, 'max_completion_tokens': 6").getMaxCompletionTokens())
        .isEqualTo(6);
  }

  @Test
  void joinsContentInParts() throws Exception {
    Prompt prompt =
        read(
            "{'messages': [{'role': 'user', 'content': [{'type': 'text', 'text': 'a'},"
                + " {'type': 'text', 'text': 'b'}]}]}");
    assertThat(prompt.getMessages().get(0).getContent()).isEqualTo("ab");
  }

  @Test
  void readsToolsAndTheirCalls() throws Exception {
    Prompt prompt =
        read(
            """
            {'tools': [{'type': 'function', 'function': {'name': 'look_up', 'parameters': {}}}],
             'tool_choice': 'auto', 'parallel_tool_calls': true,
             'messages': [
               {'role': 'user', 'content': 'hello'},
               {'role': 'assistant', 'content': null, 'tool_calls': [
                 {'id': 'c1', 'type': 'function',
                  'function': {'name': 'look_up', 'arguments': '{}'}}]},
               {'role': 'tool', 'tool_call_id': 'c1', 'content': [
                 {'type': 'text', 'text': '7 '}, {'type': 'text', 'text': 'pm'}]}]}
            """);

    assertThat(prompt.getTools())
        .isEqualTo(
            "[{'type':'function','function':{'name':'look_up','parameters':{}}}]"
                .replace('\'', '"'));
    assertThat(prompt.getToolChoice()).isEqualTo("auto");
    assertThat(prompt.getMessages())
        .containsExactly(
            Messages.of("user", "hello"),
            Message.newBuilder()
                .setRole("assistant")
                .setToolCalls(
                    "[{'id':'c1','type':'function',"
                        .concat("'function':{'name':'look_up','arguments':'{}'}}]")
                        .replace('\'', '"'))
                .build(),
            Message.newBuilder().setRole("tool").setContent("7 pm").setToolCallId("c1").build());
  }

  @Test
  void takesOneStopString() throws Exception {
    assertThat(with("'stop': 'END'").getStop()).containsExactly("END");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'stream': true",
        "'stream_options': {'include_usage': true}",
        "'store': true",
        "'tool_choice': 'none'",
        "'tools': []",
        "'tools': null",
        "'logit_bias': {}",
        "'presence_penalty': 0",
        "'frequency_penalty': 0.0",
        "'ignore_eos': false",
        "'min_tokens': 0",
        "'something_new': [1, {'a': null}]"
      })
  void ignoresWhatDoesNotChangeTheAnswer(String field) throws Exception {
    assertThat(with(field)).isEqualTo(read("{" + HELLO + "}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          'guided_json': {'type': 'null'}   | {'type':'json_schema','json_schema':{'schema':{'type':'null'}}}
          'guided_json': '{"type": "null"}' | {'type':'json_schema','json_schema':{'schema':{'type':'null'}}}
          'guided_regex': 'a+', 'response_format': {'type': 'text'} | {'type':'regex','regex':'a+'}
          'guided_choice': ['a', 'b']       | {'type':'choice','choice':['a','b']}
          'structured_outputs': {'json': {}} | {'type':'json_schema','json_schema':{'schema':{}}}
          'structured_outputs': {'regex': 'x'} | {'type':'regex','regex':'x'}
          'structured_outputs': {'json_object': true} | {'type':'json_object'}
          'response_format': {'type': 'json_object'} | {'type':'json_object'}
          """)
  void readsResponseFormatsInOpenAisAndVllmsWay(String field, String format) throws Exception {
    String json = field.contains("\"") ? field.replace("\"", "\\\"") : field;
    assertThat(with(json).getResponseFormat()).isEqualTo(format.replace('\'', '"'));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          'tools': {}                   | tools must be a list
          'tool_choice': 'required'     | tool_choice must be auto or none: a model cannot be made to call a tool
          'tool_choice': {'type': 'function'} | tool_choice must be auto or none: a model cannot be made to call a tool
          'tools': [{}], 'parallel_tool_calls': false | parallel_tool_calls: false is not supported
          'functions': [{}]             | functions is not supported
          'logit_bias': {'1': -100}     | logit_bias is not supported
          'audio': {'voice': 'a'}       | audio is not supported
          'guided_grammar': 'root'      | guided_grammar is not supported
          'structured_outputs': {'grammar': 'root'} | structured_outputs.grammar is not supported
          'guided_regex': 'a', 'guided_choice': ['a'] | response_format, structured_outputs and guided_... ask for several formats
          'ignore_eos': 1               | ignore_eos must be true or false
          'min_tokens': 3               | min_tokens is not supported
          'stop_token_ids': [2]         | stop_token_ids is not supported
          'chat_template': 'x'          | chat_template is not supported
          'presence_penalty': 0.5       | presence_penalty is not supported; use repetition_penalty
          'frequency_penalty': -1       | frequency_penalty is not supported; use repetition_penalty
          'temperature': 'warm'         | temperature must be a number
          'temperature': true           | temperature must be a number
          'temperature': 1e400          | temperature must be a number
          'top_p': []                   | top_p must be a number
          'top_k': 1.5                  | top_k must be an integer
          'top_k': 3000000000           | top_k is 3000000000, out of range
          'seed': 9223372036854775808   | seed must be an integer
          'seed': '1'                   | seed must be an integer
          'max_tokens': 1e2             | max_tokens must be an integer
          'n': {}                       | n must be an integer
          'logprobs': 1                 | logprobs must be true or false
          'model': 7                    | model must be a string of at most 256 characters
          'user': {}                    | user must be a string of at most 256 characters
          'stop': 7                     | stop must be a string or a list of strings
          'stop': {'a': 'b'}            | stop must be a string or a list of strings
          'stop': ['a', 1]              | stop must be a string or a list of strings
          'stop': [null]                | stop must be a string or a list of strings
          'metadata': []                | metadata must be an object of at most 16 strings
          'metadata': {'a': 1}          | metadata must be an object of strings of at most 512 characters
          'deadline': 'soon'            | deadline must be an integer
          'cache': true                 | cache must be an object
          'cache': {'ttl': 'long'}      | ttl must be an integer
          'cache': {'no-cache': 'yes'}  | no-cache must be true or false
          'cache': {'s-maxage': 5}      | cache.s-maxage is not supported; ttl bounds how long an answer is kept
          """)
  void refusesAFieldThatIsWrong(String field, String message) {
    assertRefused("{" + HELLO + ", " + field + "}", "invalid_request", message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {}                            | messages is missing
          {'messages': null}            | messages is missing
          {'messages': []}              | messages must be a list of at least one message
          {'messages': 'hello'}         | messages must be a list of at least one message
          {'messages': [null]}          | messages[0] must be an object
          {'messages': [{}]}            | messages[0].role must be a string
          {'messages': [{'role': ''}]}  | messages[0].role must be a string
          {'messages': [{'role': 1}]}   | messages[0].role must be a string
          {'messages': [{'role': 'user'}]} | messages[0].content must be a string or a list of text parts
          {'messages': [{'role': 'user', 'content': {}}]} | messages[0].content must be a string or a list of text parts
          {'messages': [{'role': 'user', 'content': ['a']}]} | messages[0].content has a part that is not text
          {'messages': [{'role': 'user', 'content': [{'type': 'image_url'}]}]} | messages[0].content has a part that is not text
          {'messages': [{'role': 'user', 'content': [{'type': 'text', 'text': 1}]}]} | messages[0].content has a part that is not text
          {'messages': [{'role': 'assistant', 'tool_calls': 'x'}]} | messages[0].tool_calls must be a list
          {'messages': [{'role': 'assistant', 'tool_calls': []}]} | messages[0].content must be a string or a list of text parts
          {'messages': [{'role': 'assistant', 'content': '', 'function_call': {}}]} | messages[0].function_call is not supported; use tool_calls
          {'messages': [{'role': 'tool', 'content': '', 'tool_call_id': 7}]} | tool_call_id must be a string of at most 256 characters
          {'custom_id': 'a'}            | body must be an object
          {'custom_id': 'a', 'body': 1} | body must be an object
          {'custom_id': 1, 'body': {}}  | custom_id must be a string of at most 256 characters
          {'body': {}, 'url': '/v1/embeddings'} | url is "/v1/embeddings", must be /v1/chat/completions
          {'body': {}, 'method': 'GET'} | method is "GET", must be POST
          []                            | the request is not a JSON object
          7                             | the request is not a JSON object
          'hello'                       | the request is not a JSON object
          null                          | the request is not a JSON object
          """)
  void refusesARequestThatIsWrong(String request, String message) {
    assertRefused(request, "invalid_request", message);
  }

  @Test
  void boundsWhatItQuotesAndKeeps() {
    String long256 = "x".repeat(256);
    String long1000 = "x".repeat(1000);
    assertRefused(
        "{'body': {}, 'url': '" + long256 + "'}",
        "invalid_request",
        "url is \"" + "x".repeat(64) + "...\", must be /v1/chat/completions");
    assertRefused(
        "{" + HELLO + ", 'model': '" + long1000 + "'}",
        "invalid_request",
        "model must be a string of at most 256 characters");
    assertRefused(
        "{" + HELLO + ", 'metadata': {'a': '" + long1000 + "'}}",
        "invalid_request",
        "metadata must be an object of strings of at most 512 characters");
  }

  private Prompt with(String field) throws RejectedPromptException {
    return read("{" + HELLO + ", " + field + "}");
  }

  private Prompt read(String singleQuoted) throws RejectedPromptException {
    return reader.read(singleQuoted.replace('\'', '"').getBytes(UTF_8));
  }

  private void assertRefused(String singleQuoted, String code, String message) {
    assertThatThrownBy(() -> read(singleQuoted))
        .isInstanceOfSatisfying(
            RejectedPromptException.class,
            e -> {
              assertThat(e.getMessage()).isEqualTo(message);
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.retryable()).isFalse();
            });
  }
}
