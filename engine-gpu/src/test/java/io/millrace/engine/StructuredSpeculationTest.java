package io.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.speculative.DraftModelProposer;
import io.millrace.engine.speculative.DraftProposer;
import io.millrace.engine.speculative.TestProposer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Response formats and drafts together: the tokens are those without drafts. */
class StructuredSpeculationTest {
  private static final List<ResponseFormat> FORMATS =
      List.of(
          new ResponseFormat.Regex("(ab|é|c){3,9}(😀|€|世)"),
          new ResponseFormat.Regex("n{12}"),
          new ResponseFormat.Choice(List.of("abcabcabc", "abcd", "m")));

  @ParameterizedTest
  @EnumSource
  void draftsChangeNothing(TestProposer.Kind kind) throws Exception {
    assertThat(answers(new TestProposer(kind, new Random(1)), true)).isEqualTo(answers(null, true));
  }

  @ParameterizedTest
  @EnumSource
  void draftsChangeNothingWithoutAnEndToken(TestProposer.Kind kind) throws Exception {
    assertThat(answers(new TestProposer(kind, new Random(2)), false))
        .isEqualTo(answers(null, false));
  }

  /** The draft model is held to the format as the target is, so all it proposes is accepted. */
  @Test
  void aDraftModelFollowsTheFormatToo() throws Exception {
    for (boolean hasEnd : new boolean[] {true, false}) {
      DraftProposer same =
          new DraftModelProposer(
              new FakeModel(400, 4), new FakeTokenizer(), FakeModel.VOCAB_SIZE, 64, () -> 0);
      Map<String, List<TokenOutput>> drafted = tokens(same, hasEnd);
      long accepted =
          drafted.values().stream().flatMap(List::stream).filter(TokenOutput::drafted).count();
      assertThat(accepted).isGreaterThan(40);
      assertThat(ids(drafted)).isEqualTo(answers(null, hasEnd));
    }
  }

  private static Map<String, List<Integer>> answers(DraftProposer proposer, boolean hasEnd)
      throws Exception {
    return ids(tokens(proposer, hasEnd));
  }

  private static Map<String, List<Integer>> ids(Map<String, List<TokenOutput>> tokens) {
    Map<String, List<Integer>> ids = new TreeMap<>();
    tokens.forEach((id, of) -> ids.put(id, of.stream().map(TokenOutput::id).toList()));
    return ids;
  }

  private static Map<String, List<TokenOutput>> tokens(DraftProposer proposer, boolean hasEnd)
      throws Exception {
    FakeTokenizer tokenizer =
        new FakeTokenizer() {
          @Override
          public boolean isEndOfGeneration(int token) {
            return hasEnd && super.isEndOfGeneration(token);
          }
        };
    Speculation speculation =
        proposer == null
            ? Speculation.OFF
            : new Speculation(Speculation.Method.DRAFT_MODEL, 5, false);
    EngineConfig config =
        EngineConfig.of(8, 64, 100, 400, 4, 100, 1)
            .withOvertakesMax(0)
            .withSpeculation(speculation);
    LocalEngine engine =
        new LocalEngine(
            new FakeModel(400, 4),
            tokenizer,
            config,
            () -> 0,
            () -> 0,
            proposer == null ? DraftProposer.NONE : proposer);
    for (int seed = 0; seed < 30; seed++) {
      SamplingParams params =
          new SamplingParams(seed % 3, 12, 0.98f, 0, 1.1f, seed, 40, List.of(), 2, seed % 2 == 0)
              .withFormat(FORMATS.get(seed % FORMATS.size()));
      engine.submit(new GenerationRequest("r" + seed, FakeTokenizer.tokens("abc"), params));
    }
    Map<String, List<TokenOutput>> tokens = new TreeMap<>();
    while (engine.hasWork()) {
      for (GenerationUpdate update : engine.step()) {
        assertThat(update.error()).isNull();
        tokens.computeIfAbsent(update.requestId(), id -> new ArrayList<>()).addAll(update.tokens());
      }
    }
    return tokens;
  }
}
