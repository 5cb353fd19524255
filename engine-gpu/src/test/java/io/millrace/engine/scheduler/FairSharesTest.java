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
import org.junit.jupiter.api.Test;

/** What the requests of one tenant do to another's, simulated over thousands of steps. */
class FairSharesTest {
  private static final int STEPS = 2_000;
  private static final int SEQUENCES_MAX = 8;
  private static final int STEP_TOKENS_MAX = 64;
  private static final int BACKLOG_MAX = 1_000;

  /** Overtakes that amount to no policy: strict order of arrival. */
  private static final int BY_ARRIVAL = 0;

  /** Requests that come every so many steps, as long as fewer than the backlog wait. */
  private record Traffic(
      String tenant, int interval, int perInterval, int promptTokens, int outputTokens) {}

  /** What a tenant saw, in steps, and what it got. */
  private static final class Seen {
    final List<Integer> answerAfter = new ArrayList<>();
    int asked;
    long service;

    double meanSteps() {
      return answerAfter.stream().mapToInt(steps -> steps).average().orElseThrow();
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
        assertThat(alone.meanSteps()).as(which).isLessThan(21);
        assertThat(beside.meanSteps()).as(which).isLessThan(2 * alone.meanSteps());
        assertThat(beside.answerAfter).as(which).hasSizeGreaterThan(STEPS / interval - 5);
        assertThat(byArrival.meanSteps()).as(which).isGreaterThan(10 * alone.meanSteps());
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

  private Map<String, Seen> simulate(int overtakesMax, Traffic... traffic) {
    BlockPool pool = new BlockPool(10_000, 16);
    EngineConfig config =
        EngineConfig.of(SEQUENCES_MAX, STEP_TOKENS_MAX, 10_000, 10_000, 16, 4096, 1)
            .withPrefixCache(false)
            .withOvertakesMax(overtakesMax);
    Scheduler scheduler = new Scheduler(config, pool);
    Map<String, Seen> seen = new LinkedHashMap<>();
    Map<Sequence, Integer> arrivedAt = new HashMap<>();
    for (int step = 0; step < STEPS; step++) {
      for (Traffic some : traffic) {
        Seen tenant = seen.computeIfAbsent(some.tenant, name -> new Seen());
        for (int i = 0; step % some.interval == 0 && i < some.perInterval; i++) {
          if (tenant.asked - tenant.answerAfter.size() < BACKLOG_MAX) {
            tenant.asked++;
            Sequence sequence = sequence(some, pool);
            arrivedAt.put(sequence, step);
            scheduler.add(sequence);
          }
        }
      }
      for (Chunk chunk : step(scheduler)) {
        Sequence sequence = chunk.sequence();
        Seen tenant = seen.get(sequence.tenant());
        tenant.service += Math.max(0, Math.min(chunk.to(), sequence.promptLength()) - chunk.from());
        tenant.service += chunk.sampled() ? WaitingQueue.OUTPUT_TOKEN_SERVICE : 0;
        if (sequence.isFinished()) {
          tenant.answerAfter.add(step + 1 - arrivedAt.get(sequence));
        }
      }
    }
    return seen;
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
