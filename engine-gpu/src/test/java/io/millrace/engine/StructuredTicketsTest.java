package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.tokenizer.ChatMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The shipped model, asked for what it was trained to write and for something else. */
class StructuredTicketsTest {
  private static final Path MODELS =
      Path.of(System.getProperty("millrace.home"), "engine-gpu", "models");
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final ResponseFormat TICKET =
      new ResponseFormat.JsonSchema(
          """
          {"type": "object", "properties": {
             "category": {"type": "string", "pattern": "^[a-z]{1,20}$"},
             "product": {"type": "string", "maxLength": 30},
             "priority": {"enum": ["low", "normal", "high", "urgent"]},
             "sentiment": {"enum": ["negative", "neutral", "positive"]},
             "reply": {"type": "string"}},
           "required": ["category", "product", "priority", "sentiment", "reply"],
           "additionalProperties": false}""");

  private static final ResponseFormat OTHER =
      new ResponseFormat.JsonSchema(
          """
          {"type": "object", "properties": {
             "urgent": {"type": "boolean"}, "score": {"type": "integer", "minimum": 1, "maximum": 5},
             "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1, "maxItems": 2}},
           "required": ["urgent", "score", "tags"]}""");

  @Test
  void aRightAnswerIsTheSameWithItsSchema() throws Exception {
    List<String> lines = Files.readAllLines(MODELS.resolve("heldout/seen.jsonl")).subList(0, 24);
    EngineConfig config = EngineConfig.of(16, 80, 100, 640, 16, 640, 2);
    try (LoadedModel model =
            LoadedModel.load(MODELS.resolve("tickets-target-q8_0.gguf"), BackendKind.AUTO);
        Engine engine = model.engine(config)) {
      SamplingParams free = SamplingParams.greedy(160);
      int right = 0;
      for (String line : lines) {
        JsonNode ticket = JSON.readTree(line);
        int[] prompt = prompt(model, ticket);
        String answer = answer(engine, prompt, free);
        String structured = answer(engine, prompt, free.withFormat(TICKET));
        if (ticket.get("answer").equals(parsed(answer))) {
          assertThat(structured).isEqualTo(answer);
          right++;
        }
        assertThat(parsed(structured)).as(structured).isNotNull();
        JsonNode other = parsed(answer(engine, prompt, free.withFormat(OTHER)));
        assertThat(other.get("urgent").isBoolean()).isTrue();
        assertThat(other.get("score").intValue()).isBetween(1, 5);
        assertThat(other.get("tags").size()).isBetween(1, 2);
      }
      assertThat(right).isGreaterThan(18);
    }
  }

  private static JsonNode parsed(String answer) {
    try {
      return JSON.readTree(answer);
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  private static String answer(Engine engine, int[] prompt, SamplingParams sampling)
      throws Exception {
    StringBuilder text = new StringBuilder();
    engine.submit(new GenerationRequest("r", prompt, sampling));
    while (engine.hasWork()) {
      for (GenerationUpdate update : engine.step()) {
        assertThat(update.error()).isNull();
        text.append(update.text());
      }
    }
    return text.toString();
  }

  private static int[] prompt(LoadedModel model, JsonNode ticket) throws Exception {
    return model
        .prompts()
        .encode(
            ticket.has("system")
                ? List.of(
                    new ChatMessage("system", ticket.get("system").asText()),
                    new ChatMessage("user", ticket.get("message").asText()))
                : List.of(new ChatMessage("user", ticket.get("message").asText())));
  }
}
