package io.millrace.engine.speculative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.FakeTokenizer;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.SamplingParams;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.scheduler.Sequence;
import java.util.List;
import org.junit.jupiter.api.Test;

class NgramProposerTest {

  @Test
  void proposesWhatFollowedTheSameTokensBefore() {
    assertThat(proposed("xyzabcdefabc".replaceAll("[xyz]", "n"), 3)).containsExactly(tokens("def"));
  }

  @Test
  void theLongestMatchDecidesAndOfThoseTheLatest() {
    // "bc" came last before "g", "abc" before "d" and then before "e".
    assertThat(proposed("abcdabcebcgabc", 1)).containsExactly(tokens("e"));
  }

  @Test
  void aRepetitionGoesOn() {
    assertThat(proposed("gabababa", 5)).containsExactly(tokens("babab"));
  }

  @Test
  void proposesNothingForWhatIsNew() {
    assertThat(proposed("abcdefgh", 4)).isEmpty();
    assertThat(proposed("a", 4)).isEmpty();
  }

  @Test
  void takesInWhatComes() {
    NgramProposer proposer = new NgramProposer(3, 2);
    Sequence sequence = sequence("abcdab");
    Draft first = new Draft(sequence, 2);
    proposer.propose(List.of(first));
    assertThat(first.tokens()).containsExactly(tokens("cd"));
    Draft again = new Draft(sequence, 4);
    proposer.propose(List.of(again));
    assertThat(again.tokens()).containsExactly(tokens("cdab"));
    proposer.release(sequence);
    Draft afterRelease = new Draft(sequence, 2);
    proposer.propose(List.of(afterRelease));
    assertThat(afterRelease.tokens()).isEqualTo(first.tokens());
  }

  @Test
  void refusesNgramsOfNothing() {
    assertThatThrownBy(() -> new NgramProposer(2, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  private static int[] proposed(String prompt, int tokensMax) {
    Draft draft = new Draft(sequence(prompt), tokensMax);
    new NgramProposer(3, 2).propose(List.of(draft));
    return draft.tokens();
  }

  private static Sequence sequence(String prompt) {
    return new Sequence(
        new GenerationRequest("r", tokens(prompt), SamplingParams.greedy(50)),
        0,
        100,
        new FakeTokenizer(),
        new BlockPool(10, 16));
  }

  private static int[] tokens(String letters) {
    return FakeTokenizer.tokens(letters);
  }
}
