package io.millrace.engine.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;

class AnthropicProtocolTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void aConversationWithToolsIsTranslated() throws Exception {
    JsonNode body =
        body(
            """
            {"messages": [
               {"role": "system", "content": "Be short."},
               {"role": "developer", "content": "Be kind."},
               {"role": "user", "content": "Weather in Bern?"},
               {"role": "assistant", "content": "", "tool_calls": [{"id": "call_1",
                 "type": "function", "function": {"name": "w", "arguments": "{\\"c\\": \\"Bern\\"}"}}]},
               {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
               {"role": "user", "content": "And?"}],
             "temperature": 0, "top_p": 0.9, "max_completion_tokens": 64, "stop": ["END"],
             "tools": [{"type": "function", "function": {"name": "w", "description": "tells",
               "parameters": {"type": "object", "properties": {"c": {"type": "string"}}}}}],
             "tool_choice": "auto", "service_tier": "default",
             "response_format": {"type": "json_schema",
               "json_schema": {"name": "x", "schema": {"type": "object"}}}}
            """);
    assertThat(body)
        .isEqualTo(
            JSON.readTree(
                """
                {"model": "claude-x", "stream": true, "system": "Be short.\\n\\nBe kind.",
                 "messages": [
                   {"role": "user", "content": [{"type": "text", "text": "Weather in Bern?"}]},
                   {"role": "assistant", "content": [
                     {"type": "tool_use", "id": "call_1", "name": "w", "input": {"c": "Bern"}}]},
                   {"role": "user", "content": [
                     {"type": "tool_result", "tool_use_id": "call_1", "content": "sunny"},
                     {"type": "text", "text": "And?"}]}],
                 "temperature": 0, "top_p": 0.9, "max_tokens": 64, "stop_sequences": ["END"],
                 "tools": [{"name": "w", "description": "tells", "input_schema":
                   {"type": "object", "properties": {"c": {"type": "string"}}}}],
                 "tool_choice": {"type": "auto"}, "service_tier": "standard_only",
                 "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}
                """));
  }

  @Test
  void whatAnthropicHasNoWordForIsRefused() {
    assertThatThrownBy(() -> body("{\"messages\": [], \"seed\": 1}"))
        .hasMessage("seed is nothing that Anthropic knows");
    assertThatThrownBy(() -> body("{\"messages\": [], \"temperature\": 1.5}"))
        .hasMessage("temperature is 1.5, must be 0 to 1 for Anthropic");
    assertThatThrownBy(() -> body("{\"response_format\": {\"type\": \"json_object\"}}"))
        .hasMessageContaining("must be a json_schema");
    assertThatThrownBy(() -> body("{\"service_tier\": \"flex\"}")).hasMessageContaining("flex");
  }

  private static JsonNode body(String chat) throws JsonProcessingException {
    return new AnthropicProtocol().body((ObjectNode) JSON.readTree(chat), "claude-x");
  }
}
