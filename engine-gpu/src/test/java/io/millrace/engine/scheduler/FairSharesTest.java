package io.millrace.engine.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.millrace.engine.EngineConfig;
import io.millrace.engine.FakeTokenizer;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.SamplingParams;
import io.millrace.engine.TokenOutput;
import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.scheduler.ScheduledBatch.Chunk;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;

/** What the requests of one tenant do to another's, simulated over thousands of steps. */
class FairSharesTest {
  private static final int TIME = 2_000;
  private static final int SEQUENCES_MAX = 8;
  private static final int STEP_TOKENS_MAX = 64;
  private static final int BACKLOG_MAX = 1_000;

  /** Overtakes that amount to no policy: strict order of arrival. */
  private static final int BY_ARRIVAL = 0;

  /** Requests that come every so often, as long as fewer than the backlog wait. */
  private record Traffic(
      String tenant, int interval, int perInterval, int promptTokens, int outputTokens) {}

  /** What a tenant saw, and what it got. */
  private static final class Seen {
    final List<Double> answerAfter = new ArrayList<>();
    int asked;
    double nextAt;
    long service;

    double meanTime() {
      return answerAfter.stream().mapToDouble(time -> time).average().orElseThrow();
    }
  }

  private long arrivals;

  @Test
  void aHundredTimesTheTrafficOfAnotherTenantDoesNotDoubleTheTimeToAnAnswer() {
    for (int interval : new int[] {8, 12}) {
      Traffic modest = new Traffic("modest", interval, 1, 40, 20);
      Seen alone = simulate(EngineConfig.OVERTAKES_MAX, modest).get("modest");
      List<Traffic> floods =
          List.of(
              new Traffic("flood", interval, 100, 40, 20),
              // Ten times the requests, each ten times as long.
              new Traffic("flood", interval, 10, 400, 20),
              new Traffic("flood", interval, 20, 40, 100));
      for (Traffic flood : floods) {
        Seen beside = simulate(EngineConfig.OVERTAKES_MAX, modest, flood).get("modest");
        Seen byArrival = simulate(BY_ARRIVAL, modest, flood).get("modest");
        String which = interval + ", " + flood;
        assertThat(alone.meanTime()).as(which).isLessThan(21);
        assertThat(beside.meanTime()).as(which).isLessThan(2 * alone.meanTime());
        assertThat(beside.answerAfter).as(which).hasSizeGreaterThan(TIME / interval - 5);
        assertThat(byArrival.meanTime()).as(which).isGreaterThan(10 * alone.meanTime());
      }
    }
  }

  @Test
  void tenantsThatAlwaysWaitGetEqualSharesWhateverTheyAsk() {
    Map<String, Seen> seen =
        simulate(
            EngineConfig.OVERTAKES_MAX,
            new Traffic("long prompts", 1, 2, 90, 5),
            new Traffic("long answers", 1, 2, 10, 45),
            new Traffic("short", 1, 10, 5, 5));
    long all = seen.values().stream().mapToLong(tenant -> tenant.service).sum();
    assertThat(seen.values())
        .allSatisfy(
            tenant -> assertThat((double) tenant.service / all).isCloseTo(1 / 3.0, within(0.03)));
  }

  @Test
  void manySequencesOfOneTenantSlowAnothersDownToItsShareWhereRowsTakeTime() {
    Traffic modest = new Traffic("modest", 150, 1, 10, 20);
    Traffic flood = new Traffic("flood", 150, 100, 10, 20);
    double alone =
        simulate(EngineConfig.OVERTAKES_MAX, FairSharesTest::steep, FairSharesTest::steep, modest)
            .get("modest")
            .meanTime();
    Map<String, Seen> shared =
        simulate(
            EngineConfig.OVERTAKES_MAX,
            FairSharesTest::steep,
            FairSharesTest::steep,
            modest,
            flood);
    Map<String, Seen> unmeasured =
        simulate(EngineConfig.OVERTAKES_MAX, FairSharesTest::steep, rows -> 0, modest, flood);
    assertThat(shared.get("modest").meanTime()).isLessThan(2.5 * alone);
    assertThat(unmeasured.get("modest").meanTime()).isGreaterThan(3 * alone);
    // The flood pays for it while the other is there, and has the device to itself otherwise.
    assertThat(shared.get("flood").service).isGreaterThan(unmeasured.get("flood").service * 2 / 3);
  }

  @Test
  void aThirdTenantJoinsThoughTwoFillTheirShares() {
    Map<String, Seen> seen =
        simulate(
            EngineConfig.OVERTAKES_MAX,
            FairSharesTest::steep,
            FairSharesTest::steep,
            new Traffic("one", 1, 10, 1, 50),
            new Traffic("other", 1, 10, 1, 50),
            new Traffic("third", 100, 1, 10, 5));
    assertThat(seen.get("third").answerAfter).hasSizeGreaterThan(TIME / 100 - 3);
    assertThat((double) seen.get("one").service / seen.get("other").service)
        .isCloseTo(1, within(0.1));
  }

  private Map<String, Seen> simulate(int overtakesMax, Traffic... traffic) {
    return simulate(overtakesMax, FairSharesTest::flat, FairSharesTest::flat, traffic);
  }

  /**
   * @param stepTime how long a step takes by its rows
   * @param measured what the scheduler is told of it
   */
  private Map<String, Seen> simulate(
      int overtakesMax,
      IntToDoubleFunction stepTime,
      IntToDoubleFunction measured,
      Traffic... traffic) {
    BlockPool pool = new BlockPool(10_000, 16);
    EngineConfig config =
        EngineConfig.of(SEQUENCES_MAX, STEP_TOKENS_MAX, 10_000, 10_000, 16, 4096, 1)
            .withPrefixCache(true)
            .withOvertakesMax(overtakesMax);
    Scheduler scheduler = new Scheduler(config, pool);
    scheduler.measured(measured);
    Map<String, Seen> seen = new LinkedHashMap<>();
    Map<Sequence, Double> arrivedAt = new HashMap<>();
    for (double time = 0; time < TIME; ) {
      for (Traffic some : traffic) {
        Seen tenant = seen.computeIfAbsent(some.tenant, name -> new Seen());
        for (; tenant.nextAt <= time; tenant.nextAt += some.interval) {
          for (int i = 0; i < some.perInterval; i++) {
            if (tenant.asked - tenant.answerAfter.size() < BACKLOG_MAX) {
              tenant.asked++;
              Sequence sequence = sequence(some, pool);
              arrivedAt.put(sequence, time);
              scheduler.add(sequence);
            }
          }
        }
      }
      List<Chunk> chunks = step(scheduler);
      time += chunks.isEmpty() ? 1 : stepTime.applyAsDouble(rows(chunks));
      for (Chunk chunk : chunks) {
        Sequence sequence = chunk.sequence();
        Seen tenant = seen.get(sequence.tenant());
        tenant.service += Math.max(0, Math.min(chunk.to(), sequence.promptLength()) - chunk.from());
        tenant.service += chunk.sampled() ? WaitingQueue.OUTPUT_TOKEN_SERVICE : 0;
        if (sequence.isFinished()) {
          tenant.answerAfter.add(time - arrivedAt.get(sequence));
        }
      }
    }
    return seen;
  }

  /** Steps take the same time whatever they compute. */
  private static double flat(int rows) {
    return rows > 0 ? 1 : 0;
  }

  /** Every row takes half as long as a step without any. */
  private static double steep(int rows) {
    return 1 + rows / 2.0;
  }

  private static int rows(List<Chunk> chunks) {
    return chunks.stream().mapToInt(Chunk::tokens).sum();
  }

  private static List<Chunk> step(Scheduler scheduler) {
    ScheduledBatch batch = scheduler.schedule();
    List<ChunkOutput> outputs = new ArrayList<>();
    for (Chunk chunk : batch.chunks()) {
      outputs.add(
          chunk.sampled()
              ? ChunkOutput.of(new TokenOutput(1, Float.NaN, List.of(), false))
              : ChunkOutput.COMPUTED);
    }
    scheduler.update(batch, outputs);
    return batch.chunks();
  }

  private Sequence sequence(Traffic traffic, BlockPool pool) {
    GenerationRequest request =
        new GenerationRequest(
            "r" + arrivals,
            new int[traffic.promptTokens],
            SamplingParams.greedy(traffic.outputTokens),
            0,
            List.of(),
            "",
            traffic.tenant,
            GenerationRequest.NO_DEADLINE);
    return new Sequence(
        request,
        arrivals++,
        traffic.promptTokens + traffic.outputTokens,
        new FakeTokenizer(),
        pool);
  }
}
