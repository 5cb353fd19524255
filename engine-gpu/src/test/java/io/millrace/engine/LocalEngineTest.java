package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.millrace.engine.sampling.OutputText;
import io.millrace.engine.sampling.Sampler;
import io.millrace.engine.sampling.TokenHistory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

class LocalEngineTest {
  private static final EngineConfig AMPLE = EngineConfig.of(8, 16, 10, 64, 4, 100, 1);

  private final FakeModel model = new FakeModel(64, 4);
  private long nanos;

  @Test
  void answersARequest() throws Exception {
    try (LocalEngine engine = engine(AMPLE)) {
      engine.submit(new GenerationRequest("r", FakeTokenizer.tokens("abc"), greedy(5)));
      List<GenerationUpdate> updates = new ArrayList<>();
      while (engine.hasWork()) {
        updates.addAll(engine.step());
      }
      assertThat(ids(updates)).isEqualTo(greedyTokens("abc", 5));
      assertThat(text(updates)).isEqualTo(textOf(greedyTokens("abc", 5), List.of()));
      assertThat(updates.get(4).finishReason()).isEqualTo(FinishReason.LENGTH);
      assertThat(updates.subList(0, 4)).noneMatch(GenerationUpdate::finished);
      assertThat(engine.stats().kvBlocksUsed()).isZero();
    }
    assertThat(model.closed).isTrue();
  }

  @Test
  void answersManyAtOnceEachAsIfItWereAlone() throws Exception {
    LocalEngine engine = engine(AMPLE);
    String[] prompts = {"a", "bcd", "abcdefghijklmnabcdefghijklmn", "aa", "bb"};
    for (String prompt : prompts) {
      engine.submit(new GenerationRequest(prompt, FakeTokenizer.tokens(prompt), greedy(7)));
    }
    Map<String, List<GenerationUpdate>> updates = run(engine);
    for (String prompt : prompts) {
      assertThat(ids(updates.get(prompt))).isEqualTo(greedyTokens(prompt, 7));
    }
    EngineStats stats = engine.stats();
    assertThat(stats.promptTokens()).isEqualTo(String.join("", prompts).length());
    assertThat(stats.outputTokens())
        .isEqualTo(updates.values().stream().mapToInt(u -> ids(u).size()).sum());
  }

  @Test
  void drawsEachTokenWithTheNoiseOfItsSeedAndPosition() throws Exception {
    SamplingParams params = new SamplingParams(1, 8, 1, 0, 1.2f, 77, 30, List.of(), 3, true);
    LocalEngine engine = engine(AMPLE);
    engine.submit(new GenerationRequest("r", FakeTokenizer.tokens("abc"), params));
    List<TokenOutput> drawn = tokens(run(engine).get("r"));
    Sampler sampler = new Sampler(FakeModel.VOCAB_SIZE);
    int[] tokens = FakeTokenizer.tokens("abc");
    for (int position = 0; position < 30; position++) {
      int[] soFar = tokens;
      TokenOutput expected =
          sampler.sample(FakeModel.logits(soFar), 0, params, history(soFar), position);
      assertThat(drawn.get(position)).isEqualTo(expected);
      tokens = Arrays.copyOf(tokens, tokens.length + 1);
      tokens[tokens.length - 1] = expected.id();
    }
  }

  @Test
  void neverDrawsATokenThatTheTokenizerDoesNotKnow() throws Exception {
    FakeTokenizer smaller =
        new FakeTokenizer() {
          @Override
          public int vocabSize() {
            return 15;
          }
        };
    LocalEngine engine = new LocalEngine(model, smaller, AMPLE, () -> nanos);
    SamplingParams params = new SamplingParams(2, 0, 1, 0, 1, 1, 30, List.of(), 5, true);
    for (String prompt : List.of("a", "b", "c")) {
      engine.submit(new GenerationRequest(prompt, FakeTokenizer.tokens(prompt), params));
    }
    for (List<GenerationUpdate> updates : run(engine).values()) {
      assertThat(ids(updates)).hasSize(30).allMatch(id -> id < 15);
    }
  }

  @Test
  void theEndTokenCountsAndHasNoText() throws Exception {
    String prompt = promptThat(tokens -> tokens.indexOf(FakeTokenizer.EOS) == 3);
    LocalEngine engine = engine(AMPLE);
    engine.submit(new GenerationRequest("r", FakeTokenizer.tokens(prompt), greedy(20)));
    List<GenerationUpdate> updates = run(engine).get("r");
    assertThat(ids(updates)).hasSize(4).endsWith(FakeTokenizer.EOS);
    assertThat(last(updates).finishReason()).isEqualTo(FinishReason.STOP);
    assertThat(text(updates)).isEqualTo(textOf(ids(updates).subList(0, 3), List.of()));
  }

  @Test
  void theEndTokenIsIgnoredOnRequest() throws Exception {
    String prompt = promptThat(tokens -> tokens.indexOf(FakeTokenizer.EOS) == 3);
    LocalEngine engine = engine(AMPLE);
    SamplingParams params = new SamplingParams(0, 0, 1, 0, 1, 0, 20, List.of(), -1, true);
    engine.submit(new GenerationRequest("r", FakeTokenizer.tokens(prompt), params));
    List<GenerationUpdate> updates = run(engine).get("r");
    assertThat(ids(updates)).hasSize(20);
    assertThat(last(updates).finishReason()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void aStopStringEndsTheTextBeforeIt() throws Exception {
    String prompt = promptThat(tokens -> textOf(tokens, List.of()).indexOf("ab") > 2);
    LocalEngine engine = engine(AMPLE);
    SamplingParams params = new SamplingParams(0, 0, 1, 0, 1, 0, 20, List.of("ab"), -1, false);
    engine.submit(new GenerationRequest("r", FakeTokenizer.tokens(prompt), params));
    List<GenerationUpdate> updates = run(engine).get("r");
    String whole = textOf(greedyTokens(prompt, 20), List.of());
    assertThat(text(updates)).isEqualTo(whole.substring(0, whole.indexOf("ab")));
    assertThat(last(updates).finishReason()).isEqualTo(FinishReason.STOP);
  }

  @Test
  void theContextsEndIsALengthLimit() throws Exception {
    LocalEngine engine = engine(EngineConfig.of(8, 16, 10, 64, 4, 6, 1));
    SamplingParams params = new SamplingParams(0, 0, 1, 0, 1, 0, 20, List.of(), -1, true);
    engine.submit(new GenerationRequest("r", FakeTokenizer.tokens("abc"), params));
    List<GenerationUpdate> updates = run(engine).get("r");
    assertThat(ids(updates)).hasSize(3);
    assertThat(last(updates).finishReason()).isEqualTo(FinishReason.LENGTH);
  }

  @Test
  void goesOnAfterAnyTokenAsTheEarlierAttemptWouldHave() throws Exception {
    for (int seed = 0; seed < 50; seed++) {
      SamplingParams params =
          new SamplingParams(1, 0, 0.95f, 0, 1.1f, seed, 12, List.of("ab", "caf"), 2, false);
      int[] prompt = FakeTokenizer.tokens("hello".replaceAll("[^a-n]", "n"));
      LocalEngine whole = engine(AMPLE);
      whole.submit(new GenerationRequest("r", prompt, params));
      List<GenerationUpdate> updates = run(whole).get("r");
      List<TokenOutput> tokens = tokens(updates);
      for (int done = 0; done < tokens.size(); done++) {
        LocalEngine resumed = engine(AMPLE);
        resumed.submit(new GenerationRequest("r", prompt, params, 0, tokens.subList(0, done)));
        List<GenerationUpdate> rest = run(resumed).get("r");
        assertThat(tokens(rest)).isEqualTo(tokens.subList(done, tokens.size()));
        assertThat(text(updates.subList(0, done)) + text(rest)).isEqualTo(text(updates));
        assertThat(last(rest).finishReason()).isEqualTo(last(updates).finishReason());
      }
    }
  }

  @Test
  void anAnswerThatHadAlreadyEndedOnlyEndsAgain() throws Exception {
    List<TokenOutput> done =
        List.of(new TokenOutput(5, 0, List.of(), false), new TokenOutput(6, 0, List.of(), false));
    LocalEngine engine = engine(AMPLE);
    engine.submit(new GenerationRequest("r", FakeTokenizer.tokens("abc"), greedy(2), 0, done));
    assertThat(engine.hasWork()).isTrue();
    assertThat(engine.step())
        .containsExactly(
            new GenerationUpdate("r", List.of(), "", FinishReason.LENGTH, null, 0, 0, 0));
    assertThat(engine.hasWork()).isFalse();
  }

  @Test
  void aCancelledRequestIsReportedOnceAndItsIdIsFreeAgain() throws Exception {
    LocalEngine engine = engine(AMPLE);
    engine.submit(new GenerationRequest("r", FakeTokenizer.tokens("abc"), greedy(50)));
    engine.step();
    assertThat(engine.cancel("r")).isTrue();
    assertThat(engine.cancel("r")).isTrue();
    assertThat(engine.stats().kvBlocksUsed()).isZero();
    assertThat(engine.step())
        .singleElement()
        .satisfies(u -> assertThat(u.finishReason()).isEqualTo(FinishReason.CANCELLED));
    assertThat(engine.hasWork()).isFalse();
    assertThat(engine.cancel("r")).isFalse();
    engine.submit(new GenerationRequest("r", FakeTokenizer.tokens("abc"), greedy(1)));
  }

  @Test
  void aPassedDeadlineEndsARequestAndKeepsWhatItHas() throws Exception {
    long[] nowMs = {1000};
    LocalEngine engine =
        new LocalEngine(
            model,
            new FakeTokenizer(),
            EngineConfig.of(1, 16, 10, 64, 4, 100, 1),
            () -> nanos += 1000,
            () -> nowMs[0]);
    int[] abc = FakeTokenizer.tokens("abc");
    for (String id : List.of("running", "waiting")) {
      engine.submit(new GenerationRequest(id, abc, greedy(50), 0, List.of(), "", "", 1001));
    }
    List<GenerationUpdate> updates = new ArrayList<>(engine.step());
    updates.addAll(engine.step());
    nowMs[0] = 1001;
    List<GenerationUpdate> last = engine.step();
    assertThat(last)
        .extracting(GenerationUpdate::requestId, GenerationUpdate::finishReason)
        .containsExactly(
            tuple("running", FinishReason.EXPIRED), tuple("waiting", FinishReason.EXPIRED));
    assertThat(last).allSatisfy(u -> assertThat(u.deviceNanos()).isZero());
    assertThat(ids(updates)).isEqualTo(greedyTokens("abc", 2));
    assertThat(engine.hasWork()).isFalse();
    assertThat(engine.stats().kvBlocksUsed()).isZero();
    // Late already when it comes: it costs nothing.
    engine.submit(new GenerationRequest("late", abc, greedy(50), 0, List.of(), "", "", 1001));
    assertThat(engine.step())
        .singleElement()
        .satisfies(u -> assertThat(u.computedTokens()).isZero());
  }

  @Test
  void severalAnswersToAPromptShareItAndTheFirstIsTheOneItGetsAlone() throws Exception {
    SamplingParams params = new SamplingParams(1.5f, 0, 1, 0, 1, 7, 12, List.of(), -1, true);
    int[] prompt = FakeTokenizer.tokens("abcdefghij");
    LocalEngine alone = engine(AMPLE);
    alone.submit(new GenerationRequest("alone", prompt, params));
    List<Integer> only = ids(run(alone).get("alone"));

    LocalEngine engine = engine(AMPLE);
    for (int choice = 0; choice < 4; choice++) {
      engine.submit(new GenerationRequest("r/" + choice, prompt, params.withChoice(choice)));
    }
    engine.step();
    engine.step();
    // Two full blocks of the prompt are in all four tables, once.
    assertThat(engine.stats().promptTokens()).isEqualTo(10 + 3 * 2);
    assertThat(engine.stats().kvBlocksUsed()).isEqualTo(2 + 4);
    assertThat(engine.cancel("r/3")).isTrue();
    Map<String, List<GenerationUpdate>> updates = run(engine);
    assertThat(last(updates.get("r/3")).finishReason()).isEqualTo(FinishReason.CANCELLED);
    List<List<Integer>> answers = new ArrayList<>();
    for (int choice = 0; choice < 3; choice++) {
      assertThat(last(updates.get("r/" + choice)).finishReason()).isEqualTo(FinishReason.LENGTH);
      answers.add(ids(updates.get("r/" + choice)));
    }
    assertThat(only).endsWith(answers.get(0).toArray(Integer[]::new));
    assertThat(answers).doesNotHaveDuplicates();
  }

  @Test
  void aNanEndsItsOwnRequestOnly() throws Exception {
    model.nanFirstToken = 9;
    LocalEngine engine = engine(AMPLE);
    engine.submit(new GenerationRequest("good", FakeTokenizer.tokens("abc"), greedy(4)));
    engine.submit(new GenerationRequest("bad", new int[] {9, 1}, greedy(4)));
    Map<String, List<GenerationUpdate>> updates = run(engine);
    assertThat(last(updates.get("bad")).finishReason()).isEqualTo(FinishReason.ERROR);
    assertThat(last(updates.get("bad")).error())
        .isEqualTo("no token could be drawn: the model's logit of token 7 is NaN");
    assertThat(ids(updates.get("good"))).isEqualTo(greedyTokens("abc", 4));
    assertThat(engine.stats().kvBlocksUsed()).isZero();
  }

  @Test
  void aRequestThatTheModelFailsOnEndsAlone() throws Exception {
    model.failingFirstToken = 9;
    LocalEngine engine = engine(EngineConfig.of(2, 16, 10, 64, 4, 100, 1));
    engine.submit(new GenerationRequest("beside", FakeTokenizer.tokens("abc"), greedy(4)));
    engine.submit(new GenerationRequest("bad", new int[] {9, 1}, greedy(4)));
    engine.submit(new GenerationRequest("later", FakeTokenizer.tokens("abc"), greedy(4)));
    Map<String, List<GenerationUpdate>> updates = run(engine);
    assertThat(updates.get("bad"))
        .singleElement()
        .satisfies(u -> assertThat(u.error()).isEqualTo("the model failed: out of memory"));
    assertThat(ids(updates.get("beside"))).isEqualTo(greedyTokens("abc", 4));
    assertThat(ids(updates.get("later"))).isEqualTo(greedyTokens("abc", 4));
    assertThat(engine.stats().kvBlocksUsed()).isZero();
  }

  @Test
  void aModelThatFailsOnEverythingIsNoRequestsFault() throws Exception {
    model.failingFirstToken = 9;
    LocalEngine engine = engine(EngineConfig.of(2, 16, 10, 64, 4, 100, 1));
    engine.submit(new GenerationRequest("one", new int[] {9, 1}, greedy(4)));
    engine.submit(new GenerationRequest("two", new int[] {9, 2}, greedy(4)));
    assertThatThrownBy(engine::step).hasMessage("out of\nmemory");
  }

  @Test
  void aStepsTimeIsSharedByTheTokensComputed() throws Exception {
    LocalEngine engine = engine(AMPLE);
    engine.submit(new GenerationRequest("long", FakeTokenizer.tokens("abcdefghij"), greedy(2)));
    engine.submit(new GenerationRequest("short", FakeTokenizer.tokens("abc"), greedy(2)));
    List<GenerationUpdate> updates = engine.step();
    // The fake clock's first step takes 1000 ns: 10 and 3 of 13 tokens.
    assertThat(updates).extracting(GenerationUpdate::computedTokens).containsExactly(10, 3);
    assertThat(updates).extracting(GenerationUpdate::deviceNanos).containsExactly(769L, 231L);
    assertThat(engine.stats().busyNanos()).isEqualTo(1000);
  }

  @Test
  void saysHowMuchOfAPromptWasCached() throws Exception {
    LocalEngine engine = engine(AMPLE);
    int[] prompt = FakeTokenizer.tokens("abcdefghij");
    engine.submit(new GenerationRequest("first", prompt, greedy(3)));
    List<GenerationUpdate> first = run(engine).get("first");
    engine.submit(new GenerationRequest("second", prompt, greedy(3)));
    engine.submit(
        new GenerationRequest("foreign", prompt, greedy(3), 0, List.of(), "another tenant"));
    Map<String, List<GenerationUpdate>> updates = run(engine);

    assertThat(first).allSatisfy(u -> assertThat(u.cachedPromptTokens()).isZero());
    assertThat(updates.get("second"))
        .allSatisfy(u -> assertThat(u.cachedPromptTokens()).isEqualTo(8));
    assertThat(updates.get("foreign")).allSatisfy(u -> assertThat(u.cachedPromptTokens()).isZero());
    assertThat(updates.get("second").get(0).computedTokens()).isEqualTo(2);
    for (List<GenerationUpdate> answer : updates.values()) {
      assertThat(ids(answer)).isEqualTo(ids(first));
    }
    EngineStats stats = engine.stats();
    assertThat(stats.prefixQueryTokens()).isEqualTo(30);
    assertThat(stats.prefixHitTokens()).isEqualTo(8);
    assertThat(stats.promptTokens()).isEqualTo(22);
    assertThat(stats.kvBlocksUsed()).isZero();
    assertThat(stats.kvBlocksCached()).isEqualTo(6);
  }

  @Test
  void cachesNothingWhereThatIsOff() throws Exception {
    LocalEngine engine = engine(EngineConfig.of(8, 16, 10, 64, 4, 100, 1).withPrefixCache(false));
    for (String id : List.of("first", "second")) {
      engine.submit(new GenerationRequest(id, FakeTokenizer.tokens("abcdefghij"), greedy(3)));
      assertThat(run(engine).get(id).get(0).cachedPromptTokens()).isZero();
    }
    assertThat(engine.stats().prefixQueryTokens()).isZero();
    assertThat(engine.stats().kvBlocksCached()).isZero();
  }

  @Test
  void refusesASaltOfAnyLength() {
    assertThatThrownBy(
            () ->
                new GenerationRequest(
                    "r", new int[] {1}, greedy(1), 0, List.of(), "x".repeat(1025)))
        .hasMessage("the cache salt has 1025 characters, the most is 1024");
  }

  @Test
  void refusesWhatCanNeverRun() {
    LocalEngine engine = engine(EngineConfig.of(2, 16, 10, 4, 4, 100, 1));
    int[] abc = FakeTokenizer.tokens("abc");
    assertRejected(engine, new GenerationRequest("r", new int[0], greedy(1)), "no tokens", false);
    assertRejected(
        engine,
        new GenerationRequest("r", new int[100], greedy(1)),
        "the prompt has 100 tokens; with the output's first, the context of 100 is exceeded",
        false);
    assertRejected(
        engine,
        new GenerationRequest("r", abc, greedy(15)),
        "prompt and output may take 17 tokens of KV cache, which holds 16",
        false);
    assertRejected(
        engine,
        new GenerationRequest("r", new int[] {1, 32}, greedy(1)),
        "token 32 is not in the model's vocabulary of 32",
        false);
    assertRejected(
        engine,
        new GenerationRequest(
            "r", abc, greedy(3), 0, List.of(new TokenOutput(-1, 0, List.of(), false))),
        "token -1 is not",
        false);
    assertThat(engine.hasWork()).isFalse();
  }

  @Test
  void refusesForNowWhatComesTwiceOrFindsTheQueueFull() throws Exception {
    LocalEngine engine = engine(EngineConfig.of(2, 16, 2, 64, 4, 100, 1));
    int[] abc = FakeTokenizer.tokens("abc");
    engine.submit(new GenerationRequest("a", abc, greedy(4)));
    assertRejected(engine, new GenerationRequest("a", abc, greedy(4)), "in progress", true);
    engine.submit(new GenerationRequest("b", abc, greedy(4)));
    GenerationRequest third = new GenerationRequest("c", abc, greedy(4));
    assertRejected(engine, third, "the engine's queue of 2 requests is full", true);
    // What can never run is told so at once, not after a retry.
    assertRejected(engine, new GenerationRequest("d", new int[100], greedy(1)), "context", false);
    // What was cancelled takes its place until it is reported.
    engine.cancel("b");
    engine.step();
    engine.submit(third);
    assertThat(run(engine)).containsOnlyKeys("a", "c");
  }

  @Test
  void aClosedEngineHoldsNothingAndDoesNothing() throws Exception {
    LocalEngine engine = engine(AMPLE);
    engine.submit(new GenerationRequest("r", FakeTokenizer.tokens("abc"), greedy(9)));
    engine.step();
    engine.close();
    engine.close();
    assertThat(model.closed).isTrue();
    assertThat(engine.hasWork()).isFalse();
    assertThat(engine.stats().kvBlocksUsed()).isZero();
    assertThatThrownBy(engine::step).hasMessage("the engine is closed");
  }

  @Test
  void refusesAModelWithAnotherCache() {
    assertThatThrownBy(() -> engine(EngineConfig.of(2, 16, 2, 64, 8, 100, 1)))
        .hasMessage("the model has 64 KV blocks of 4 tokens, the configuration says 64 of 8");
  }

  private LocalEngine engine(EngineConfig config) {
    return new LocalEngine(model, new FakeTokenizer(), config, () -> nanos += 1000);
  }

  private static SamplingParams greedy(int maxTokens) {
    return SamplingParams.greedy(maxTokens);
  }

  private static void assertRejected(
      LocalEngine engine, GenerationRequest request, String message, boolean retryable) {
    assertThatThrownBy(() -> engine.submit(request))
        .isInstanceOf(RequestRejectedException.class)
        .hasMessageContaining(message)
        .satisfies(
            e -> assertThat(((RequestRejectedException) e).retryable()).isEqualTo(retryable));
  }

  private static Map<String, List<GenerationUpdate>> run(LocalEngine engine) {
    Map<String, List<GenerationUpdate>> updates = new LinkedHashMap<>();
    for (int step = 0; engine.hasWork(); step++) {
      assertThat(step).as("steps").isLessThan(1000);
      for (GenerationUpdate update : engine.step()) {
        updates.computeIfAbsent(update.requestId(), id -> new ArrayList<>()).add(update);
      }
    }
    return updates;
  }

  /** What greedy decoding gives, by definition: no cache, no batch. */
  private static List<Integer> greedyTokens(String prompt, int maxTokens) {
    int[] tokens = FakeTokenizer.tokens(prompt);
    List<Integer> output = new ArrayList<>();
    while (output.size() < maxTokens && !output.contains(FakeTokenizer.EOS)) {
      float[] logits = FakeModel.logits(tokens);
      int best = 0;
      for (int id = 0; id < logits.length; id++) {
        best = logits[id] > logits[best] ? id : best;
      }
      output.add(best);
      tokens = Arrays.copyOf(tokens, tokens.length + 1);
      tokens[tokens.length - 1] = best;
    }
    return output;
  }

  private static TokenHistory history(int[] tokens) {
    return new TokenHistory() {
      @Override
      public int length() {
        return tokens.length;
      }

      @Override
      public int token(int position) {
        return tokens[position];
      }
    };
  }

  /** The first prompt of one or two letters whose 20 greedy tokens are as wanted. */
  private static String promptThat(Predicate<List<Integer>> wanted) {
    for (char first = 'a'; first <= 'n'; first++) {
      for (char second = 'a'; second <= 'n'; second++) {
        String prompt = "" + first + second;
        if (wanted.test(greedyTokens(prompt, 20))) {
          return prompt;
        }
      }
    }
    throw new AssertionError("no prompt of two letters gives such an answer");
  }

  private static String textOf(List<Integer> tokens, List<String> stops) {
    OutputText text = new OutputText(new FakeTokenizer(), stops);
    tokens.forEach(text::feed);
    text.end();
    return text.take();
  }

  private static List<TokenOutput> tokens(List<GenerationUpdate> updates) {
    return updates.stream().flatMap(u -> u.tokens().stream()).toList();
  }

  private static List<Integer> ids(List<GenerationUpdate> updates) {
    return tokens(updates).stream().map(TokenOutput::id).toList();
  }

  private static String text(List<GenerationUpdate> updates) {
    StringBuilder text = new StringBuilder();
    updates.forEach(u -> text.append(u.text()));
    return text.toString();
  }

  private static GenerationUpdate last(List<GenerationUpdate> updates) {
    return updates.get(updates.size() - 1);
  }
}
