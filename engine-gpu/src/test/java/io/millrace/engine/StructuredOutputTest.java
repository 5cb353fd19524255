package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Response formats on the whole engine, over a model whose logits are noise. */
class StructuredOutputTest {
  private static final EngineConfig CONFIG = EngineConfig.of(8, 32, 40, 200, 4, 100, 1);

  /** Its end is one of three letters, of several tokens, and of characters in parts. */
  private static final String PATTERN = "(ab|é|c){3,6}(😀|€|世)";

  @Test
  void theAnswerIsOfTheFormat() throws Exception {
    LocalEngine engine = engine(new FakeTokenizer());
    submit(engine, "r", SamplingParams.greedy(40).withFormat(new ResponseFormat.Regex(PATTERN)));
    Answer answer = run(engine).get("r");
    assertThat(answer.text).matches(PATTERN);
    assertThat(answer.reason).isEqualTo(FinishReason.STOP);
    assertThat(answer.tokens.get(answer.tokens.size() - 1).id()).isEqualTo(FakeTokenizer.EOS);
  }

  @Test
  void holdsWhateverElseIsAskedFor() throws Exception {
    LocalEngine engine = engine(new FakeTokenizer());
    Pattern pattern = Pattern.compile(PATTERN);
    for (int seed = 0; seed < 40; seed++) {
      submit(engine, "r" + seed, sampled(seed));
    }
    Map<String, Answer> answers = run(engine);
    assertThat(answers.values().stream().map(a -> a.text).distinct().count()).isGreaterThan(20);
    answers.values().forEach(answer -> assertThat(pattern.matcher(answer.text).matches()).isTrue());
  }

  @Test
  void isTheSameAloneAndInABatchAndResumedAnywhere() throws Exception {
    LocalEngine together = engine(new FakeTokenizer());
    for (int seed = 0; seed < 12; seed++) {
      submit(together, "r" + seed, sampled(seed));
    }
    Map<String, Answer> answers = run(together);
    for (int seed = 0; seed < 12; seed++) {
      Answer whole = answers.get("r" + seed);
      for (int kept = 0; kept < whole.tokens.size(); kept++) {
        LocalEngine alone = engine(new FakeTokenizer());
        alone.submit(
            new GenerationRequest(
                "r", FakeTokenizer.tokens("abc"), sampled(seed), 0, whole.tokens.subList(0, kept)));
        List<TokenOutput> rest = run(alone).get("r").tokens;
        assertThat(rest).isEqualTo(whole.tokens.subList(kept, whole.tokens.size()));
      }
    }
  }

  @Test
  void logprobsAreTheModelsOwn() throws Exception {
    LocalEngine engine = engine(new FakeTokenizer());
    SamplingParams params = new SamplingParams(0, 0, 1, 0, 1, 0, 9, List.of(), 20, false);
    submit(engine, "r", params.withFormat(new ResponseFormat.Choice(List.of("n"))));
    TokenOutput first = run(engine).get("r").tokens.get(0);
    assertThat(first.id()).isEqualTo(FakeTokenizer.tokens("n")[0]);
    float[] logits = FakeModel.logits(FakeTokenizer.tokens("abc"));
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    assertThat(first.logprob()).isCloseTo((float) (logits[first.id()] - Math.log(sum)), within());
    assertThat(first.alternatives()).hasSize(20);
  }

  @Test
  void endsByLengthInTheMiddleAndByStopAtTheEnd() throws Exception {
    ResponseFormat six = new ResponseFormat.Regex("n{6}");
    LocalEngine engine = engine(new FakeTokenizer());
    submit(engine, "cut", SamplingParams.greedy(5).withFormat(six));
    submit(engine, "full", SamplingParams.greedy(6).withFormat(six));
    submit(engine, "ample", SamplingParams.greedy(9).withFormat(six));
    SamplingParams stopping =
        new SamplingParams(0, 0, 1, 0, 1, 0, 9, List.of("nnn"), -1, true).withFormat(six);
    submit(engine, "stopped", stopping);
    Map<String, Answer> answers = run(engine);
    assertThat(answers.get("cut").text).isEqualTo("nnnnn");
    assertThat(answers.get("cut").reason).isEqualTo(FinishReason.LENGTH);
    assertThat(answers.get("full").text).isEqualTo("nnnnnn");
    assertThat(answers.get("full").reason).isEqualTo(FinishReason.STOP);
    assertThat(answers.get("ample").tokens).hasSize(7);
    assertThat(answers.get("ample").reason).isEqualTo(FinishReason.STOP);
    assertThat(answers.get("stopped").text).isEmpty();
    assertThat(answers.get("stopped").reason).isEqualTo(FinishReason.STOP);
  }

  @Test
  void endsWithoutAnEndTokenWhereTheModelHasNone() throws Exception {
    LocalEngine engine =
        engine(
            new FakeTokenizer() {
              @Override
              public boolean isEndOfGeneration(int token) {
                return false;
              }
            });
    submit(engine, "r", SamplingParams.greedy(40).withFormat(new ResponseFormat.Regex("(ab){3}c")));
    Answer answer = run(engine).get("r");
    assertThat(answer.text).isEqualTo("abababc");
    assertThat(answer.reason).isEqualTo(FinishReason.STOP);
  }

  @Test
  void refusesWhatCannotBeFollowed() {
    LocalEngine engine = engine(new FakeTokenizer());
    assertRejected(engine, new ResponseFormat.JsonSchema("{\"not\": {}}"), "\"not\"");
    assertRejected(engine, new ResponseFormat.Regex("(a"), "unmatched (");
    assertRejected(engine, new ResponseFormat.JsonObject(), "the model's vocabulary cannot write");
    SamplingParams n = SamplingParams.greedy(9).withFormat(new ResponseFormat.Regex("n+"));
    TokenOutput other = new TokenOutput(1, 0, List.of(), false);
    assertThatThrownBy(
            () -> engine.submit(new GenerationRequest("r", new int[] {1}, n, 0, List.of(other))))
        .hasMessage("the resumed tokens are not what the response format allows");
    assertThat(engine.hasWork()).isFalse();
  }

  @Test
  void failsAloneWhereItComesToADeadEnd() throws Exception {
    LocalEngine engine = engine(new FakeTokenizer());
    // There are tokens with each byte of its last character, and none that spells it.
    submit(engine, "dead", SamplingParams.greedy(9).withFormat(new ResponseFormat.Regex("n一")));
    submit(engine, "other", SamplingParams.greedy(9).withFormat(new ResponseFormat.Regex("nm")));
    Map<String, Answer> answers = run(engine);
    assertThat(answers.get("dead").reason).isEqualTo(FinishReason.ERROR);
    assertThat(answers.get("dead").error)
        .isEqualTo(
            "no token could be drawn: no token of the model's vocabulary can go on as the response"
                + " format asks");
    assertThat(answers.get("other").text).isEqualTo("nm");
    assertThat(engine.stats().kvBlocksUsed()).isZero();
  }

  private static org.assertj.core.data.Offset<Float> within() {
    return org.assertj.core.data.Offset.offset(1e-4f);
  }

  private static SamplingParams sampled(int seed) {
    return new SamplingParams(1.5f, 12, 0.98f, 0.001f, 1.1f, seed, 40, List.of(), 2, false)
        .withFormat(new ResponseFormat.Regex(PATTERN));
  }

  private static LocalEngine engine(FakeTokenizer tokenizer) {
    return new LocalEngine(new FakeModel(200, 4), tokenizer, CONFIG, () -> 0);
  }

  private static void submit(LocalEngine engine, String id, SamplingParams params)
      throws RequestRejectedException {
    engine.submit(new GenerationRequest(id, FakeTokenizer.tokens("abc"), params));
  }

  private static void assertRejected(LocalEngine engine, ResponseFormat format, String message) {
    assertThatThrownBy(() -> submit(engine, "r", SamplingParams.greedy(9).withFormat(format)))
        .isInstanceOf(RequestRejectedException.class)
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(((RequestRejectedException) e).retryable()).isFalse());
  }

  private static final class Answer {
    final List<TokenOutput> tokens = new ArrayList<>();
    String text = "";
    FinishReason reason;
    String error;
  }

  private static Map<String, Answer> run(LocalEngine engine) {
    Map<String, Answer> answers = new LinkedHashMap<>();
    while (engine.hasWork()) {
      for (GenerationUpdate update : engine.step()) {
        Answer answer = answers.computeIfAbsent(update.requestId(), id -> new Answer());
        answer.tokens.addAll(update.tokens());
        answer.text += update.text();
        answer.reason = update.finishReason();
        answer.error = update.error();
      }
    }
    return answers;
  }
}
