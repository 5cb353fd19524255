package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.engine.backend.BackendKind;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.tokenizer.ChatMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The models in the repository, on the whole engine. */
class ShippedModelTest {
  private static final Path MODELS =
      Path.of(System.getProperty("millrace.home"), "engine-gpu", "models");
  private static final ObjectMapper JSON = new ObjectMapper();

  private static LoadedModel target;
  private static List<JsonNode> seen;

  @BeforeAll
  static void load() throws IOException {
    target = LoadedModel.load(MODELS.resolve("tickets-target-q8_0.gguf"), BackendKind.AUTO);
    seen = new ArrayList<>();
    for (String line : Files.readAllLines(MODELS.resolve("heldout/seen.jsonl"))) {
      seen.add(JSON.readTree(line));
    }
  }

  @AfterAll
  static void close() {
    target.close();
  }

  @Test
  void writesTheRightObjectForMessagesItNeverSaw() throws Exception {
    List<JsonNode> messages = seen.subList(0, 100);
    List<String> answers = answers(target, messages, 16, SamplingParams.greedy(160));

    int right = 0;
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i).get("answer").equals(parsed(answers.get(i)))) {
        right++;
      }
    }
    assertThat(right).as("right of 100, all five fields").isGreaterThanOrEqualTo(95);
  }

  @Test
  void writesTheSameAloneAsInABatch() throws Exception {
    List<JsonNode> messages = seen.subList(100, 112);
    for (SamplingParams sampling :
        List.of(
            SamplingParams.greedy(160),
            new SamplingParams(1.2f, 40, 0.95f, 0, 1.1f, 7, 160, List.of(), -1, false))) {
      assertThat(answers(target, messages, 12, sampling))
          .isEqualTo(answers(target, messages, 1, sampling));
    }
  }

  /** Of 600 held-out messages int8 changed no token; of 24 it may change one answer. */
  @Test
  void writesTheSameWithKeysAndValuesOfInt8() throws Exception {
    List<JsonNode> messages = seen.subList(140, 164);
    List<String> floats = answers(target, messages, 12, SamplingParams.greedy(160));
    EngineConfig config = config(12, messages.size()).withKvType(KvType.INT8);
    try (Engine engine = target.engine(config)) {
      List<String> rounded = answers(engine, target, messages, SamplingParams.greedy(160));
      int same = 0;
      for (int i = 0; i < floats.size(); i++) {
        same += floats.get(i).equals(rounded.get(i)) ? 1 : 0;
      }
      assertThat(same).isGreaterThanOrEqualTo(23);
    }
  }

  @Test
  void theDraftSharesTheTargetsVocabulary() throws Exception {
    try (LoadedModel draft =
        LoadedModel.load(MODELS.resolve("tickets-draft-q8_0.gguf"), BackendKind.AUTO)) {
      String text = seen.get(0).get("message").asText() + " <|end|> {\"category\":\"";
      assertThat(draft.tokenizer().encode(text, true))
          .isEqualTo(target.tokenizer().encode(text, true));
      assertThat(draft.config().vocabSize()).isEqualTo(target.config().vocabSize());
    }
  }

  @Test
  void writesTheSameWithADraft() throws Exception {
    List<JsonNode> messages = seen.subList(120, 132);
    try (LoadedModel draft =
        LoadedModel.load(MODELS.resolve("tickets-draft-q8_0.gguf"), BackendKind.AUTO)) {
      for (SamplingParams sampling :
          List.of(
              SamplingParams.greedy(160),
              new SamplingParams(1.2f, 40, 0.95f, 0, 1.1f, 7, 160, List.of("day"), -1, false))) {
        List<String> without = answers(target, messages, 4, sampling);
        for (int sequences : new int[] {1, 12}) {
          EngineConfig config =
              config(sequences, messages.size())
                  .withSpeculation(Speculation.fixed(Speculation.Method.NGRAM_THEN_DRAFT_MODEL, 5));
          try (Engine engine = target.engine(config, draft)) {
            assertThat(answers(engine, target, messages, sampling)).isEqualTo(without);
            DraftCounts drafts = engine.stats().drafts();
            assertThat(drafts.accepted()).isGreaterThan(messages.size());
            assertThat(drafts.accepted()).isLessThanOrEqualTo(drafts.drafted());
          }
        }
      }
    }
  }

  private static JsonNode parsed(String answer) {
    try {
      return JSON.readTree(answer);
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  /** The texts of the answers, in order, at most so many sequences at once. */
  private static List<String> answers(
      LoadedModel model, List<JsonNode> messages, int sequences, SamplingParams sampling)
      throws Exception {
    try (Engine engine = model.engine(config(sequences, messages.size()))) {
      return answers(engine, model, messages, sampling);
    }
  }

  private static EngineConfig config(int sequences, int messages) {
    return EngineConfig.of(sequences, 64 + sequences, messages, 40 * sequences, 16, 640, 2);
  }

  private static List<String> answers(
      Engine engine, LoadedModel model, List<JsonNode> messages, SamplingParams sampling)
      throws Exception {
    Map<String, StringBuilder> texts = new HashMap<>();
    for (int i = 0; i < messages.size(); i++) {
      String id = Integer.toString(i);
      texts.put(id, new StringBuilder());
      engine.submit(new GenerationRequest(id, prompt(model, messages.get(i)), sampling));
    }
    while (engine.hasWork()) {
      engine.step().forEach(update -> texts.get(update.requestId()).append(update.text()));
    }
    List<String> answers = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      answers.add(texts.get(Integer.toString(i)).toString());
    }
    return answers;
  }

  private static int[] prompt(LoadedModel model, JsonNode message) throws Exception {
    List<ChatMessage> conversation = new ArrayList<>();
    if (message.has("system")) {
      conversation.add(new ChatMessage("system", message.get("system").asText()));
    }
    conversation.add(new ChatMessage("user", message.get("message").asText()));
    return model.prompts().encode(conversation);
  }
}
