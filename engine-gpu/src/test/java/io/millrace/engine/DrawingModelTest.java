package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.ForwardingModel;
import io.millrace.engine.sampling.EmptyHistory;
import io.millrace.engine.sampling.RowDraws;
import io.millrace.engine.sampling.Sampler;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** A model that draws tokens itself gives the answers of one that hands out logits. */
class DrawingModelTest {
  private static final EngineConfig CONFIG = EngineConfig.of(8, 16, 10, 64, 4, 100, 1);

  /** Draws with a sampler, as a device does with its own. */
  private static final class DrawingModel extends ForwardingModel {
    private final List<String> calls = new ArrayList<>();

    DrawingModel(FakeModel model) {
      super(model);
    }

    @Override
    public float[] forward(ForwardBatch batch) {
      calls.add("logits");
      return super.forward(batch);
    }

    @Override
    public boolean draws() {
      return true;
    }

    @Override
    public int[] draw(ForwardBatch batch, RowDraws draws) {
      calls.add("tokens");
      float[] logits = super.forward(batch);
      Sampler sampler = new Sampler(draws.vocabSize());
      int[] tokens = new int[draws.rows()];
      for (int row = 0; row < tokens.length; row++) {
        int whole = RowDraws.WHOLE * row;
        int real = RowDraws.REAL * row;
        SamplingParams params =
            new SamplingParams(
                    draws.real()[real],
                    draws.whole()[whole],
                    draws.real()[real + 1],
                    draws.real()[real + 2],
                    1,
                    draws.seeds()[row],
                    1,
                    List.of(),
                    -1,
                    false)
                .withChoice(draws.whole()[whole + 1]);
        int position = draws.whole()[whole + 2];
        try {
          tokens[row] =
              sampler.draw(logits, row * vocabSize(), params, new EmptyHistory(), position);
        } catch (ArithmeticException e) {
          tokens[row] = -1;
        }
      }
      return tokens;
    }
  }

  @Test
  void answersAreTheSame() throws Exception {
    List<SamplingParams> requests = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      requests.add(params(i % 3 * 0.8f, i % 5, i, 1, -1).withChoice(i % 2));
    }
    DrawingModel drawing = new DrawingModel(new FakeModel(64, 4));
    assertThat(run(drawing, requests)).isEqualTo(run(null, requests));
    assertThat(drawing.calls).isNotEmpty().containsOnly("tokens");
  }

  @Test
  void whatNeedsMoreThanLogitsIsDrawnByTheHost() throws Exception {
    List<SamplingParams> requests =
        List.of(
            params(1, 0, 1, 1, -1),
            params(1, 0, 2, 1.3f, -1), // a penalty
            params(1, 0, 3, 1, 2)); // log-probabilities
    DrawingModel drawing = new DrawingModel(new FakeModel(64, 4));
    assertThat(run(drawing, requests)).isEqualTo(run(null, requests));
    assertThat(drawing.calls).contains("logits");
    DrawingModel formatted = new DrawingModel(new FakeModel(64, 4));
    List<SamplingParams> one =
        List.of(params(1, 0, 1, 1, -1).withFormat(new ResponseFormat.Regex("[a-c]{4}")));
    assertThat(run(formatted, one)).isEqualTo(run(null, one));
    assertThat(formatted.calls).doesNotContain("tokens");
  }

  @Test
  void whereNothingCanBeDrawnThatRequestFails() throws Exception {
    FakeModel fake = new FakeModel(64, 4);
    fake.nanFirstToken = FakeTokenizer.tokens("b")[0];
    try (LocalEngine engine =
        new LocalEngine(new DrawingModel(fake), new FakeTokenizer(), CONFIG, () -> 0)) {
      engine.submit(new GenerationRequest("a", FakeTokenizer.tokens("a"), params(0, 0, 1, 1, -1)));
      engine.submit(new GenerationRequest("b", FakeTokenizer.tokens("b"), params(0, 0, 1, 1, -1)));
      Map<String, GenerationUpdate> last = new TreeMap<>();
      while (engine.hasWork()) {
        engine.step().forEach(update -> last.put(update.requestId(), update));
      }
      assertThat(last.get("a").error()).isNull();
      assertThat(last.get("b").finishReason()).isEqualTo(FinishReason.ERROR);
      assertThat(last.get("b").error()).contains("no token could be drawn");
    }
  }

  private static SamplingParams params(
      float temperature, int topK, long seed, float penalty, int logprobs) {
    return new SamplingParams(temperature, topK, 1, 0, penalty, seed, 6, List.of(), logprobs, true);
  }

  private static Map<String, List<Integer>> run(DrawingModel drawing, List<SamplingParams> requests)
      throws Exception {
    Map<String, List<Integer>> answers = new TreeMap<>();
    try (LocalEngine engine =
        new LocalEngine(
            drawing == null ? new FakeModel(64, 4) : drawing,
            new FakeTokenizer(),
            EngineConfig.of(8, 16, 30, 64, 4, 100, 1),
            () -> 0)) {
      for (int i = 0; i < requests.size(); i++) {
        int[] prompt = FakeTokenizer.tokens("abcdefgh".substring(0, 1 + i % 8));
        engine.submit(new GenerationRequest("r" + i, prompt, requests.get(i)));
      }
      while (engine.hasWork()) {
        for (GenerationUpdate update : engine.step()) {
          update
              .tokens()
              .forEach(
                  token ->
                      answers
                          .computeIfAbsent(update.requestId(), id -> new ArrayList<>())
                          .add(token.id()));
        }
      }
    }
    return answers;
  }
}
