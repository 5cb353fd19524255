package io.millrace.engine.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.EngineConfig;
import io.millrace.engine.FakeTokenizer;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.SamplingParams;
import io.millrace.engine.TokenOutput;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.scheduler.ScheduledBatch.Chunk;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the scheduler leaves out because the prefix cache has it. All prompts are 1, 2, 3, ... */
class SchedulerPrefixTest {
  private static final int BLOCK_TOKENS = 4;

  private BlockPool pool;
  private Scheduler scheduler;
  private long arrivals;

  @Test
  void computesOnlyWhatFollowsTheCommonBlocks() {
    start(20);
    add("a", 10, 1);
    assertThat(step()).containsExactly("a[0, 10) sampled");
    Sequence second = add("b", 15, 1);
    assertThat(step()).containsExactly("b[8, 15) sampled");
    assertThat(second.cachedPromptTokens()).isEqualTo(8);
    assertThat(scheduler.prefixQueryTokens()).isEqualTo(25);
    assertThat(scheduler.prefixHitTokens()).isEqualTo(8);
    assertThat(pool.used()).isZero();
    assertThat(pool.cached()).isEqualTo(3);
  }

  @Test
  void computesTheLastTokenThoughAllIsCached() {
    start(20);
    add("a", 8, 1);
    step();
    add("b", 8, 1);
    assertThat(step()).containsExactly("b[4, 8) sampled");
    add("c", 9, 1);
    assertThat(step()).containsExactly("c[8, 9) sampled");
  }

  @Test
  void sharesWithOneThatStillRuns() {
    start(20);
    add("a", 8, 9);
    step();
    add("b", 9, 9);
    assertThat(step()).containsExactly("a[8, 9) sampled", "b[8, 9) sampled");
    assertThat(pool.used()).isEqualTo(4);
  }

  @Test
  void whatAnAnswerFilledIsFoundByThePromptThatRepeatsIt() {
    start(20);
    Sequence first = add("a", 3, 7);
    while (!first.isFinished()) {
      step();
    }
    // The seven drawn are 1s; the last was never computed, so two blocks are full.
    int[] conversation = {1, 2, 3, 1, 1, 1, 1, 1, 1, 1, 5};
    add(new GenerationRequest("b", conversation, SamplingParams.greedy(1)));
    assertThat(step()).containsExactly("b[8, 11) sampled");
  }

  @Test
  void anotherSaltComputesEverything() {
    start(20);
    add("a", 10, 1);
    step();
    int[] prompt = IntStream.rangeClosed(1, 10).toArray();
    SamplingParams sampling = SamplingParams.greedy(1);
    add(new GenerationRequest("b", prompt, sampling, 0, List.of(), "other"));
    assertThat(step()).containsExactly("b[0, 10) sampled");
    add(new GenerationRequest("c", prompt, sampling, 0, List.of(), "other"));
    assertThat(step()).containsExactly("c[8, 10) sampled");
  }

  @Test
  void thePreemptedFindsItsOwnBlocksAgain() {
    start(5);
    Sequence first = add("first", 4, 8);
    int[] prompt = {9, 9, 9, 9};
    Sequence second = add(new GenerationRequest("second", prompt, SamplingParams.greedy(12)));
    while (scheduler.preemptions() == 0) {
      step();
    }
    assertThat(second.length()).isEqualTo(9);
    while (!first.isFinished()) {
      assertThat(step()).hasSize(1);
    }
    // Of its two full blocks neither was needed by the first.
    assertThat(step()).containsExactly("second[8, 9) sampled");
    assertThat(second.cachedPromptTokens()).isZero();
    assertThat(scheduler.prefixHitTokens()).isZero();
  }

  @Test
  void cachedBlocksAreRoomForThoseWhoHaveNoUseForThem() {
    start(4);
    add("a", 16, 1);
    step();
    assertThat(pool.cached()).isEqualTo(4);
    add(new GenerationRequest("b", new int[13], SamplingParams.greedy(4)));
    assertThat(step()).containsExactly("b[0, 13) sampled");
    assertThat(scheduler.preemptions()).isZero();
  }

  @Test
  void idleBlocksThatANewcomerSharesAreNoRoomForItsOthers() {
    start(5);
    add("a", 8, 1);
    step();
    add(new GenerationRequest("b", new int[11], SamplingParams.greedy(1)));
    // b takes three of the five blocks while it runs; c would share two and need a third.
    add("c", 9, 1);
    assertThat(step()).containsExactly("b[0, 11) sampled");
    assertThat(step()).containsExactly("c[8, 9) sampled");
  }

  @Test
  void whatAnotherIsAboutToComputeIsWaitedFor() {
    start(40);
    add("first", 40, 2);
    add("same", 40, 2);
    add("half", 30, 1);
    add(new GenerationRequest("unlike", new int[] {7, 7}, SamplingParams.greedy(1)));
    assertThat(step()).containsExactly("first[0, 20)");
    assertThat(scheduler.waitingCount()).isEqualTo(3);
    assertThat(step()).containsExactly("first[20, 40) sampled");
    assertThat(step())
        .containsExactly(
            "first[40, 41) sampled",
            "same[36, 40) sampled",
            "half[28, 30) sampled",
            "unlike[0, 2) sampled");
  }

  @Test
  void whoseWaitIsInVainComputesItself() {
    start(40);
    Sequence first = add("first", 40, 2);
    add("same", 40, 2);
    assertThat(step()).containsExactly("first[0, 20)");
    scheduler.cancel(first);
    assertThat(step()).containsExactly("same[20, 40) sampled");
    scheduler.cancel(add("other", 4, 1));
    assertThat(scheduler.waitingCount()).isZero();
  }

  @Test
  void aWaitThatSavesLittleIsNotWorthIt() {
    start(40);
    add("first", 12, 2);
    int[] prompt = IntStream.rangeClosed(1, 30).map(i -> i < 9 ? i : -i & 31).toArray();
    add(new GenerationRequest("unlike", prompt, SamplingParams.greedy(1)));
    assertThat(step()).containsExactly("first[0, 12) sampled", "unlike[0, 8)");
  }

  @Test
  void theCancelledWaitForNothing() {
    start(40);
    add("first", 40, 2);
    Sequence same = add("same", 40, 2);
    step();
    scheduler.cancel(same);
    assertThat(scheduler.waitingCount()).isZero();
    step();
    assertThat(step()).containsExactly("first[40, 41) sampled");
    assertThat(step()).isEmpty();
  }

  private void start(int kvBlocks) {
    pool = new BlockPool(kvBlocks, BLOCK_TOKENS);
    scheduler =
        new Scheduler(
            EngineConfig.of(4, 20, 100, kvBlocks, BLOCK_TOKENS, 1000, 1).withPrefixCache(true),
            pool);
  }

  private Sequence add(String id, int promptTokens, int maxTokens) {
    int[] prompt = IntStream.rangeClosed(1, promptTokens).toArray();
    return add(new GenerationRequest(id, prompt, SamplingParams.greedy(maxTokens)));
  }

  private Sequence add(GenerationRequest request) {
    int tokensMax = request.promptTokens().length + request.sampling().maxTokens();
    Sequence sequence = new Sequence(request, arrivals++, tokensMax, new FakeTokenizer(), pool);
    scheduler.add(sequence);
    return sequence;
  }

  /** Runs a step whose every token drawn is a 1; says what it computed. */
  private List<String> step() {
    ScheduledBatch batch = scheduler.schedule();
    List<String> chunks = new ArrayList<>();
    List<ChunkOutput> outputs = new ArrayList<>();
    for (Chunk chunk : batch.chunks()) {
      chunks.add(
          String.format("%s[%d, %d)", chunk.sequence().id(), chunk.from(), chunk.to())
              + (chunk.sampled() ? " sampled" : ""));
      outputs.add(
          chunk.sampled()
              ? ChunkOutput.of(new TokenOutput(1, Float.NaN, List.of(), false))
              : ChunkOutput.COMPUTED);
    }
    scheduler.update(batch, outputs);
    assertThat(pool.used() + pool.free() + pool.cached()).isEqualTo(pool.size());
    return chunks;
  }
}
