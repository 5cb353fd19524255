package io.millrace.engine.speculative;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.FakeModel;
import io.millrace.engine.FakeTokenizer;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.SamplingParams;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.sampling.Sampler;
import io.millrace.engine.scheduler.Sequence;
import java.util.List;
import org.junit.jupiter.api.Test;

class DraftModelProposerTest {
  private static final SamplingParams SAMPLED =
      new SamplingParams(1, 0, 1, 0, 1.2f, 11, 50, List.of(), 3, true);

  @Test
  void proposesWhatItsModelDrawsWithTheSequencesOwnNoise() {
    DraftModelProposer proposer = proposer(20, 100);
    Sequence sequence = sequence("r", 9);
    Draft draft = new Draft(sequence, 4);
    proposer.propose(List.of(draft));
    Draft expected = new Draft(sequence, 4);
    while (!expected.isFull()) {
      expected.add(drawn(expected));
    }
    assertThat(draft.tokens()).isEqualTo(expected.tokens());
  }

  @Test
  void aPromptIsComputedOverSeveralCallsIfItIsLong() {
    DraftModelProposer proposer = proposer(20, 5);
    Sequence sequence = sequence("r", 12);
    for (int call = 0; call < 2; call++) {
      Draft draft = new Draft(sequence, 2);
      proposer.propose(List.of(draft));
      assertThat(draft.size()).isZero();
    }
    Draft draft = new Draft(sequence, 2);
    proposer.propose(List.of(draft));
    assertThat(draft.size()).isEqualTo(2);
  }

  @Test
  void shortOfBlocksItDraftsForThoseItIsAskedForAndForgetsTheIdle() {
    DraftModelProposer proposer = proposer(4, 100);
    Sequence first = sequence("first", 12); // 4 blocks with its draft
    Sequence second = sequence("second", 12);
    for (Sequence sequence : List.of(first, second, first)) {
      Draft draft = new Draft(sequence, 2);
      proposer.propose(List.of(draft));
      assertThat(draft.size()).isEqualTo(2);
      assertThat(proposer.pool().used()).isEqualTo(4);
    }
    Draft one = new Draft(first, 2);
    Draft other = new Draft(second, 2);
    proposer.propose(List.of(one, other));
    assertThat(one.size()).isEqualTo(2);
    assertThat(other.size()).isZero();
    proposer.release(first);
    proposer.release(second);
    assertThat(proposer.pool().used()).isZero();
  }

  private static int drawn(Draft history) {
    int[] tokens = new int[history.length()];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = history.token(i);
    }
    return new Sampler(FakeModel.VOCAB_SIZE)
        .draw(FakeModel.logits(tokens), 0, SAMPLED, history, history.outputLength());
  }

  private static DraftModelProposer proposer(int kvBlocks, int stepTokensMax) {
    return new DraftModelProposer(
        new FakeModel(kvBlocks, 4),
        new FakeTokenizer(),
        FakeModel.VOCAB_SIZE,
        stepTokensMax,
        () -> 0);
  }

  private static Sequence sequence(String id, int promptTokens) {
    int[] prompt = new int[promptTokens];
    for (int i = 0; i < promptTokens; i++) {
      prompt[i] = 1 + (i + id.length()) % 20;
    }
    return new Sequence(
        new GenerationRequest(id, prompt, SAMPLED),
        0,
        100,
        new FakeTokenizer(),
        new BlockPool(50, 4));
  }
}
