package io.millrace.engine.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.EngineConfig;
import io.millrace.engine.FakeTokenizer;
import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.SamplingParams;
import io.millrace.engine.TokenOutput;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.scheduler.ScheduledBatch.Chunk;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SchedulerTest {
  private static final int BLOCK_TOKENS = 4;

  private BlockPool pool;
  private Scheduler scheduler;
  private long arrivals;

  @Test
  void aPromptIsComputedInChunksAndThenTokenByToken() {
    start(4, 8, 100);
    Sequence sequence = add("a", 20, 3);
    assertThat(step()).containsExactly("a[0, 8)");
    assertThat(step()).containsExactly("a[8, 16)");
    assertThat(step()).containsExactly("a[16, 20) sampled");
    assertThat(step()).containsExactly("a[20, 21) sampled");
    assertThat(step()).containsExactly("a[21, 22) sampled");
    assertThat(sequence.finishReason()).isEqualTo(FinishReason.LENGTH);
    assertThat(step()).isEmpty();
    assertThat(pool.free()).isEqualTo(100);
  }

  @Test
  void decodesAndPromptChunksShareAStep() {
    start(4, 8, 100);
    add("a", 3, 9);
    assertThat(step()).containsExactly("a[0, 3) sampled");
    add("b", 20, 9);
    assertThat(step()).containsExactly("a[3, 4) sampled", "b[0, 7)");
    assertThat(step()).containsExactly("a[4, 5) sampled", "b[7, 14)");
  }

  @Test
  void aLongPromptNeverStopsThoseBehindIt() {
    start(3, 8, 100);
    add("b", 3, 9);
    add("c", 3, 9);
    step();
    add("urgent", 50, 9, -1);
    assertThat(step()).containsExactly("b[3, 4) sampled", "c[3, 4) sampled", "urgent[0, 6)");
    assertThat(step()).containsExactly("b[4, 5) sampled", "c[4, 5) sampled", "urgent[6, 12)");
  }

  @Test
  void aLongPromptOfATenantDoesNotTakeTheBudgetFromAnotherTenants() {
    start(4, 8, 100);
    add("long", 90, 1, "acme");
    assertThat(step()).containsExactly("long[0, 8)");
    // Their tenants have had less: they take all but the one token that is always the long one's.
    add("short", 5, 2, "other");
    add("middle", 9, 1, "third");
    assertThat(step()).containsExactly("short[0, 5) sampled", "middle[0, 2)", "long[8, 9)");
    assertThat(step()).containsExactly("short[5, 6) sampled", "middle[2, 8)", "long[9, 10)");
    // Its own tenant's wait for the rest.
    add("patient", 5, 1, "acme");
    assertThat(step()).containsExactly("middle[8, 9) sampled", "long[10, 17)");
  }

  @Test
  void aPassedDeadlineEndsASequenceWaitingOrRunning() {
    start(1, 20, 8);
    Sequence running = addUntil("running", 100);
    Sequence waiting = addUntil("waiting", 200);
    Sequence next = addUntil("next", GenerationRequest.NO_DEADLINE);
    step();
    assertThat(scheduler.expire(99)).isEmpty();
    assertThat(scheduler.expire(200)).containsExactly(running, waiting);
    assertThat(running.finishReason()).isEqualTo(FinishReason.EXPIRED);
    assertThat(running.takeNewTokens()).hasSize(1);
    assertThat(pool.used()).isZero();
    assertThat(step()).containsExactly("next[0, 4) sampled");
    scheduler.cancel(next);
    assertThat(scheduler.expire(Long.MAX_VALUE)).isEmpty();
    assertThat(scheduler.waitingCount()).isZero();
  }

  @Test
  void waitingOnesJoinByPriorityThenArrival() {
    start(1, 8, 100);
    add("late", 2, 1, 5);
    add("first", 2, 1, 0);
    add("second", 2, 1, 0);
    add("urgent", 2, 1, -5);
    assertThat(step()).containsExactly("urgent[0, 2) sampled");
    assertThat(step()).containsExactly("first[0, 2) sampled");
    assertThat(step()).containsExactly("second[0, 2) sampled");
    assertThat(step()).containsExactly("late[0, 2) sampled");
  }

  @Test
  void shortOfBlocksTheLastGivesItsOwnUpAndKeepsItsTokens() {
    start(3, 20, 5);
    Sequence first = add("first", 4, 12);
    Sequence second = add("second", 4, 12);
    assertThat(step()).containsExactly("first[0, 4) sampled", "second[0, 4) sampled");
    for (int i = 0; i < 4; i++) {
      step();
    }
    assertThat(pool.free()).isEqualTo(1);
    // Both need a third block at their ninth token, and one is left.
    assertThat(step()).containsExactly("first[8, 9) sampled");
    assertThat(scheduler.preemptions()).isEqualTo(1);
    assertThat(scheduler.waitingCount()).isEqualTo(1);
    assertThat(second.length()).isEqualTo(9);
    assertThat(second.computedTokens()).isZero();
    assertThat(second.blockTable().size()).isZero();
    while (!first.isFinished()) {
      assertThat(step()).hasSize(1);
    }
    assertThat(step()).containsExactly("second[0, 9) sampled");
  }

  @Test
  void thePreemptedReturnsToItsPlaceInTheOrder() {
    start(3, 20, 5);
    Sequence first = add("first", 4, 12);
    Sequence second = add("second", 4, 12);
    for (int i = 0; i < 6; i++) {
      step();
    }
    add("third", 1, 1);
    while (!first.isFinished()) {
      step();
    }
    assertThat(step()).containsExactly("second[0, 9) sampled", "third[0, 1) sampled");
    assertThat(second.outputLength()).isEqualTo(6);
  }

  @Test
  void whatThePreemptedGaveUpGoesToTheFirstInOrderThatWaits() {
    start(3, 20, 5);
    add("first", 4, 12);
    add("second", 4, 12);
    for (int i = 0; i < 5; i++) {
      step();
    }
    add("urgent", 3, 1, -1);
    assertThat(step()).containsExactly("first[8, 9) sampled", "urgent[0, 3) sampled");
    assertThat(scheduler.waitingCount()).isEqualTo(1);
  }

  @Test
  void aPromptJoinsOnlyWithRoomForAllOfIt() {
    start(2, 4, 10);
    add("a", 24, 1);
    add("b", 24, 1);
    // Six of ten blocks are a's from the start, though its first chunk needs one.
    assertThat(step()).containsExactly("a[0, 4)");
    assertThat(pool.used()).isEqualTo(6);
    for (int i = 0; i < 5; i++) {
      assertThat(step()).hasSize(1);
    }
    assertThat(step()).containsExactly("b[0, 4)");
  }

  @Test
  void aNewcomerLeavesABlockForEachThatMayGrow() {
    start(4, 20, 4);
    add("a", 4, 5);
    add("b", 12, 1);
    // Three blocks are free and b needs three; but a will need one more.
    assertThat(step()).containsExactly("a[0, 4) sampled");
    assertThat(step()).containsExactly("a[4, 5) sampled");
    assertThat(scheduler.preemptions()).isZero();
  }

  @Test
  void oneThatCannotGrowNeedsNoSpareBlock() {
    start(4, 20, 4);
    add("a", 3, 2);
    add("b", 12, 1);
    assertThat(step()).containsExactly("a[0, 3) sampled", "b[0, 12) sampled");
  }

  @Test
  void whatCouldNeverFitIsNotTaken() {
    start(4, 20, 4);
    // The 17th token is drawn, but never computed: 16 fit.
    assertThat(scheduler.fits(10 + 7)).isTrue();
    Sequence tooLong = sequence("b", 10, 8, 0);
    assertThat(scheduler.fits(10 + 8)).isFalse();
    assertThatThrownBy(() -> scheduler.add(tooLong)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aCancelledOneLeavesAtOnce() {
    start(1, 20, 4);
    Sequence running = add("running", 4, 5);
    Sequence waiting = add("waiting", 4, 5);
    step();
    scheduler.cancel(running);
    scheduler.cancel(waiting);
    assertThat(pool.used()).isZero();
    assertThat(step()).isEmpty();
    assertThat(running.finishReason()).isEqualTo(FinishReason.CANCELLED);
  }

  @Test
  void aFailedChunkEndsItsSequenceOnly() {
    start(2, 20, 8);
    Sequence bad = add("bad", 4, 5);
    Sequence good = add("good", 4, 5);
    ScheduledBatch batch = scheduler.schedule();
    scheduler.update(batch, List.of(ChunkOutput.failed("broken"), ChunkOutput.of(token(1))));
    assertThat(bad.finishReason()).isEqualTo(FinishReason.ERROR);
    assertThat(bad.error()).isEqualTo("broken");
    assertThat(scheduler.running()).containsExactly(good);
    assertThat(pool.used()).isEqualTo(1);
  }

  @Test
  void aResumedSequenceComputesItsTokensAndDrawsOnlyTheNext() {
    start(1, 4, 8);
    Sequence sequence =
        new Sequence(
            new GenerationRequest(
                "a",
                new int[] {1, 2, 3},
                SamplingParams.greedy(5),
                0,
                List.of(token(4), token(5), token(6))),
            0,
            8,
            new FakeTokenizer(),
            pool);
    scheduler.add(sequence);
    assertThat(step()).containsExactly("a[0, 4)");
    assertThat(step()).containsExactly("a[4, 6) sampled");
    assertThat(sequence.outputLength()).isEqualTo(4);
    assertThat(sequence.takeNewTokens()).hasSize(1);
  }

  private void start(int sequencesMax, int stepTokensMax, int kvBlocks) {
    pool = new BlockPool(kvBlocks, BLOCK_TOKENS);
    scheduler =
        new Scheduler(
            EngineConfig.of(sequencesMax, stepTokensMax, 100, kvBlocks, BLOCK_TOKENS, 1000, 1)
                .withPrefixCache(false),
            pool);
  }

  private Sequence add(String id, int promptTokens, int maxTokens) {
    return add(id, promptTokens, maxTokens, 0);
  }

  private Sequence add(String id, int promptTokens, int maxTokens, int priority) {
    Sequence sequence = sequence(id, promptTokens, maxTokens, priority);
    scheduler.add(sequence);
    return sequence;
  }

  private Sequence add(String id, int promptTokens, int maxTokens, String tenant) {
    return add(id, promptTokens, maxTokens, tenant, GenerationRequest.NO_DEADLINE);
  }

  private Sequence addUntil(String id, long deadlineMs) {
    return add(id, 4, 5, "", deadlineMs);
  }

  private Sequence add(String id, int promptTokens, int maxTokens, String tenant, long deadlineMs) {
    GenerationRequest request =
        new GenerationRequest(
            id,
            new int[promptTokens],
            SamplingParams.greedy(maxTokens),
            0,
            List.of(),
            "",
            tenant,
            deadlineMs);
    Sequence sequence =
        new Sequence(request, arrivals++, promptTokens + maxTokens, new FakeTokenizer(), pool);
    scheduler.add(sequence);
    return sequence;
  }

  private Sequence sequence(String id, int promptTokens, int maxTokens, int priority) {
    GenerationRequest request =
        new GenerationRequest(
            id, new int[promptTokens], SamplingParams.greedy(maxTokens), priority, List.of());
    return new Sequence(request, arrivals++, promptTokens + maxTokens, new FakeTokenizer(), pool);
  }

  /** Runs a step whose every token drawn is an a; says what it computed. */
  private List<String> step() {
    ScheduledBatch batch = scheduler.schedule();
    List<String> chunks = new ArrayList<>();
    List<ChunkOutput> outputs = new ArrayList<>();
    for (Chunk chunk : batch.chunks()) {
      chunks.add(
          String.format("%s[%d, %d)", chunk.sequence().id(), chunk.from(), chunk.to())
              + (chunk.sampled() ? " sampled" : ""));
      outputs.add(chunk.sampled() ? ChunkOutput.of(token(1)) : ChunkOutput.COMPUTED);
    }
    scheduler.update(batch, outputs);
    assertThat(pool.used() + pool.free()).isEqualTo(pool.size());
    return chunks;
  }

  private static TokenOutput token(int id) {
    return new TokenOutput(id, Float.NaN, List.of(), false);
  }
}
