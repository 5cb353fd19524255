package io.millrace.jobs.admit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.Models;
import io.millrace.jobs.kafka.PromptRecord;
import io.millrace.jobs.state.AdmittedPrompt;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.Test;

/** Prompts for models that others serve. */
class RemoteAdmissionTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void aPromptIsPassedOnWithWhatItSays() throws Exception {
    AdmittedPrompt prompt =
        admit(
            """
            {"model": "openai", "messages": [
               {"role": "user", "content": [{"type": "text", "text": "Bern?"}]},
               {"role": "assistant", "content": null, "tool_calls": [{"id": "c", "type": "function",
                 "function": {"name": "w", "arguments": "{}"}}]},
               {"role": "tool", "tool_call_id": "c", "content": "sunny"}],
             "top_p": 0.9, "seed": 4, "stop": "END", "max_tokens": 7, "user": "acme",
             "tools": [{"type": "function", "function": {"name": "w"}}],
             "response_format": {"type": "json_schema", "json_schema": {"strict": true,
               "schema": {"type": "object", "unheardOf": 1}}},
             "service_tier": "flex", "metadata": {"a": "b"}, "priority": 3}
            """);
    assertThat(JSON.readTree(prompt.getChat()))
        .isEqualTo(
            JSON.readTree(
                """
                {"messages": [
                   {"role": "user", "content": "Bern?"},
                   {"role": "assistant", "content": null, "tool_calls": [{"id": "c",
                     "type": "function", "function": {"name": "w", "arguments": "{}"}}]},
                   {"role": "tool", "content": "sunny", "tool_call_id": "c"}],
                 "temperature": 0.0, "max_completion_tokens": 7, "top_p": 0.9, "seed": 4,
                 "stop": ["END"], "tools": [{"type": "function", "function": {"name": "w"}}],
                 "response_format": {"type": "json_schema", "json_schema": {"strict": true,
                   "schema": {"type": "object", "unheardOf": 1}, "name": "answer"}},
                 "service_tier": "flex"}
                """));
    assertThat(prompt.getPromptTokens().remaining()).isZero();
    assertThat(prompt.getTenant()).isEqualTo("acme");
  }

  @Test
  void fingerprintsTellModelsAndFormatsApart() throws Exception {
    String chat = "{\"model\": \"M\", \"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}";
    String openAi = admit(chat.replace("M", "openai")).getFingerprint();
    assertThat(admit(chat.replace("M", "openai")).getFingerprint()).isEqualTo(openAi);
    assertThat(admit(chat.replace("M", "anthropic")).getFingerprint()).isNotEqualTo(openAi);
    String format = ", \"response_format\": {\"type\": \"json_object\"}}";
    assertThat(admit(chat.replace("M", "openai").replaceAll("}$", format)).getFingerprint())
        .isNotEqualTo(openAi);
  }

  @Test
  void whatCannotBeAskedIsRefusedBeforeItCosts() {
    String chat = "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \"model\": ";
    refused(chat + "\"openai\", \"logprobs\": true}", "logprobs are not supported");
    refused(
        chat + "\"openai\", \"guided_regex\": \"a+\"}",
        "response_format must be json_object or json_schema for remote models");
    refused(chat + "\"anthropic\", \"seed\": 1}", "seed is nothing that Anthropic knows");
    refused(chat + "\"anthropic\", \"temperature\": 2}", "must be 0 to 1 for Anthropic");
  }

  private static void refused(String body, String message) {
    assertThatThrownBy(() -> admit(body))
        .isInstanceOf(RejectedPromptException.class)
        .hasMessageContaining(message);
  }

  private static AdmittedPrompt admit(String body) throws Exception {
    Configuration options = new Configuration();
    Map<String, ModelProfile> models = new LinkedHashMap<>();
    for (String name : new String[] {"openai", "anthropic"}) {
      options.setString("millrace.model." + name + ".protocol", name);
      options.setString("millrace.model." + name + ".remote-model", "some-model");
      models.put(name, Models.configured().profile(options, name));
    }
    Admission admission =
        new Admission(new Admission.Policy("openai", "nobody", false, false, 60_000), models);
    PromptRecord record =
        new PromptRecord("prompts", 0, 1, 0, null, body.getBytes(UTF_8), null, null, null);
    return admission.admit(record, new OpenAiRequestReader(1 << 20).read(record.value()), 1_000);
  }
}
