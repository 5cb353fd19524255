package io.millrace.jobs.generate;

import static io.millrace.jobs.generate.GenerateHarness.START_MS;
import static io.millrace.jobs.generate.GenerateHarness.prompt;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.Test;

/** Rows of requests, idle time and recovery sum to the time that the device was held, exactly. */
class GenerateDeviceTimeTest {
  private static final int PLENTY = 1_000_000;
  private static final long MS = 1_000_000;
  private static final long SECOND = 1_000 * MS;

  /** 3.60 USD an hour. */
  private static final BigDecimal USD_PER_NANO = new BigDecimal("1e-12");

  private final AtomicLong nanoClock = new AtomicLong();

  @Test
  void idleTimeIsARowOfItsOwn() throws Exception {
    try (GenerateHarness harness = harness(new FakeEngine(PLENTY)).open()) {
      harness.send(prompt(0, "used"));
      harness.runUntil(() -> harness.costs().size() == 1);
      nanoClock.addAndGet(12 * SECOND);
      harness.runUntil(() -> harness.ledger().size() == 2);
      long used = 4 * FakeEngine.STEP_NANOS;
      assertThat(harness.costs()).extracting(CostEvent::getDeviceNanos).containsExactly(used);
      CostEvent idle =
          harness.ledger().stream().filter(r -> r.getKind() == CostKind.idle).findAny().get();
      assertThat(idle)
          .returns(12 * SECOND - used, CostEvent::getDeviceNanos)
          .returns(Instant.ofEpochMilli(START_MS + 12_000), CostEvent::getEventTime)
          .returns("default", CostEvent::getModel)
          .returns("fake", CostEvent::getBackend)
          .returns(null, CostEvent::getTenant)
          .returns(null, CostEvent::getRequestId)
          .returns(null, CostEvent::getStatus)
          .returns(false, CostEvent::getIsFinal)
          .returns("device-hour", CostEvent::getPriceSource);
      assertThat(idle.getTotalUsd()).isEqualByComparingTo("0.011999996"); // 12 s less 4 us
      assertThat(List.of(idle.getInputUsd(), idle.getOutputUsd(), idle.getSavedDedupUsd()))
          .allMatch(usd -> usd.signum() == 0);
    }
  }

  @Test
  void tellsTheTimeThoughNobodyAsks() throws Exception {
    try (GenerateHarness harness = harness(new FakeEngine(PLENTY)).open()) {
      long interval = GenerateHarness.HEARTBEAT_INTERVAL.toMillis();
      harness.timePasses(interval);
      harness.timePasses(interval);
      harness.timePasses(interval / 2);
      long first = START_MS - START_MS % interval + interval;
      assertThat(harness.timeMarks()).startsWith(first, first + interval).hasSizeBetween(2, 3);
      assertThat(harness.timeMarks()).allMatch(mark -> mark % interval == 0);
      assertThat(harness.responses()).isEmpty();
    }
  }

  @Test
  void rowsSumToTheWallClockThroughCrashes() throws Exception {
    for (int seed = 0; seed < 20; seed++) {
      nanoClock.set(0);
      List<CostEvent> committed = run(new Random(seed));
      assertThat(nanos(committed)).as("seed %d", seed).isEqualTo(nanoClock.get());
      assertThat(committed.stream().map(CostEvent::getTotalUsd).reduce(BigDecimal::add).get())
          .as("seed %d", seed)
          .isEqualByComparingTo(USD_PER_NANO.multiply(BigDecimal.valueOf(nanoClock.get())));
      assertThat(committed).extracting(CostEvent::getKind).contains(CostKind.recovery);
    }
  }

  /** Answers, failures, several choices, followers; crashes at random places; what readers see. */
  private List<CostEvent> run(Random random) throws Exception {
    List<CostEvent> committed = new ArrayList<>();
    OperatorSubtaskState checkpoint = null;
    for (int attempt = 0, sent = 0; attempt < 6; attempt++) {
      FakeEngine engine = new FakeEngine(0);
      try (GenerateHarness harness = harness(engine)) {
        if (attempt == 3) {
          harness.digest = "another model's"; // answers in progress begin again
        }
        if (checkpoint == null) {
          harness.open();
        } else {
          harness.restore(checkpoint);
        }
        sent = work(harness, random, sent);
        if (attempt == 5) {
          engine.allow(PLENTY);
          harness.runUntil(() -> harness.inFlight().isEmpty());
          nanoClock.addAndGet(SECOND);
          harness.flink.endInput();
        } else {
          checkpoint = harness.flink.snapshot(attempt + 1, START_MS);
        }
        committed.addAll(harness.ledger());
        if (attempt < 5) {
          work(harness, random, sent); // lost with the task, and read again
          nanoClock.addAndGet(random.nextInt(5_000) * MS);
        }
      }
    }
    return committed;
  }

  private int work(GenerateHarness harness, Random random, int sentBefore) throws Exception {
    int sent = sentBefore;
    for (int i = random.nextInt(12); i > 0; i--) {
      String text = random.nextInt(6) == 0 ? "FAIL it" : "text number " + random.nextInt(8);
      AdmittedPrompt prompt = prompt(sent++, text);
      prompt.getSampling().setN(1 + Math.floorMod(text.hashCode(), 2));
      harness.send(prompt);
      int steps = random.nextInt(4);
      // A step takes no longer than the clock says.
      nanoClock.addAndGet((steps + random.nextInt(2_000)) * MS);
      harness.engine.allow(steps);
      harness.runUntilEngineWaits();
    }
    return sent;
  }

  private GenerateHarness harness(FakeEngine engine) throws Exception {
    return new GenerateHarness(engine, 100, 1_000, 1, 0, nanoClock);
  }

  private static long nanos(List<CostEvent> rows) {
    return rows.stream().mapToLong(CostEvent::getDeviceNanos).sum();
  }
}
