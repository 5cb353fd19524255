package io.millrace.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.millrace.engine.Engine;
import io.millrace.engine.EngineStats;
import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.RequestRejectedException;
import io.millrace.engine.SamplingParams;
import io.millrace.jobs.generate.EngineDriver.StepResult;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.jobs.testing.ForwardingEngine;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class EngineDriverTest {
  private static final int PLENTY = 1_000_000;
  private static final int MAILS_MAX = 4;

  private final FakeMailbox mailbox = new FakeMailbox();
  private final List<StepResult> results = new ArrayList<>();
  private EngineDriver driver;
  private volatile long nowMs;

  @AfterEach
  void close() {
    if (driver != null) {
      driver.close();
    }
  }

  @Test
  void stepsTheEngineAndMailsWhatItDid() throws Exception {
    start(new FakeEngine(PLENTY), 10);
    driver.submit(request("hi"));

    runUntil(() -> updates().size() == 2);
    assertThat(updates()).extracting(GenerationUpdate::text).containsExactly("H", "I");
    assertThat(updates().get(1).finished()).isTrue();
  }

  @Test
  void ticksWhileThereIsNothingToTell() throws Exception {
    start(new FakeEngine(PLENTY), 10);
    runUntil(() -> results.size() == 3);
    assertThat(updates()).isEmpty();
  }

  @Test
  void holdsTheEngineUpWhileNobodyReadsItsMails() throws Exception {
    FakeEngine engine = new FakeEngine(PLENTY);
    start(engine, 10);
    driver.submit(request("x".repeat(100)));
    Thread thread = engineThread();

    // The thread that has posted as many mails as may wait waits to post one more.
    await(() -> mailbox.waiting() == MAILS_MAX && thread.getState() == Thread.State.WAITING);
    assertThat(mailbox.waiting()).isEqualTo(MAILS_MAX);
    assertThat(engine.tokensGenerated()).isLessThanOrEqualTo(MAILS_MAX + 1);

    mailbox.runNext();
    await(() -> mailbox.waiting() == MAILS_MAX && thread.getState() == Thread.State.WAITING);
    assertThat(engine.tokensGenerated()).isLessThanOrEqualTo(MAILS_MAX + 2);
    runUntil(() -> updates().size() == 100);
  }

  @Test
  void tellsWhichRequestsTheEngineDidNotTake() throws Exception {
    start(new FakeEngine(PLENTY), 10);
    driver.submit(request("REFUSE"));
    driver.submit(request("a"));

    runUntil(() -> !updates().isEmpty());
    assertThat(results)
        .flatExtracting(StepResult::rejections)
        .containsExactly(new EngineDriver.Rejection("REFUSE", "refused", false));
  }

  /** What the engine breaks on is that request's end, and told without its text. */
  @Test
  void takesARequestThatBreaksTheEngineForOneThatWasNotTaken() throws Exception {
    start(new FakeEngine(PLENTY), 10);
    driver.submit(request("BREAK"));
    driver.submit(request("a"));

    runUntil(() -> !updates().isEmpty());
    assertThat(results)
        .flatExtracting(StepResult::rejections)
        .containsExactly(
            new EngineDriver.Rejection(
                "BREAK", "the engine failed on it: IllegalStateException", true));
  }

  /** A full queue is no reason to give a request up. */
  @Test
  void keepsWhatTheEngineHasNoRoomForNowAndItsOrder() throws Exception {
    Engine full =
        new ForwardingEngine(new FakeEngine(PLENTY)) {
          private int refusals;

          @Override
          public void submit(GenerationRequest request) throws RequestRejectedException {
            if (refusals++ < 3) {
              throw new RequestRejectedException("the queue is full", true);
            }
            super.submit(request);
          }
        };
    start(full, 10);
    for (String text : List.of("a", "b", "c")) {
      driver.submit(request(text));
    }

    runUntil(() -> updates().size() == 3);
    assertThat(updates()).extracting(GenerationUpdate::requestId).containsExactly("a", "b", "c");
    assertThat(results).flatExtracting(StepResult::rejections).isEmpty();
  }

  @Test
  void keepsTheEnginesQueueWithinItsBound() throws Exception {
    QueueingEngine engine = new QueueingEngine();
    start(engine, 2);
    for (int i = 0; i < 10; i++) {
      driver.submit(request("r" + i));
    }
    runUntil(() -> updates().size() == 10);

    assertThat(engine.waitingMost.get()).isEqualTo(2);
    assertThat(updates())
        .extracting(GenerationUpdate::requestId)
        .as("in the order of their arrival")
        .containsExactly("r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9");
  }

  @Test
  void endsThoseWhoseDeadlinePassesBeforeTheEngineHasRoom() throws Exception {
    nowMs = 1000;
    driver = new EngineDriver("engine", new QueueingEngine(), 1, () -> nowMs, () -> 0, mailbox);
    driver.submit(request("in the engine"));
    driver.submit(
        new GenerationRequest(
            "late", new int[] {1}, SamplingParams.greedy(1), 0, List.of(), "", "", 1000));
    driver.submit(request("in time"));
    driver.start(results::add);
    runUntil(() -> updates().size() == 3);
    assertThat(updates())
        .filteredOn(update -> update.finishReason() == FinishReason.EXPIRED)
        .extracting(GenerationUpdate::requestId)
        .containsExactly("late");
  }

  @Test
  void cancelsWhatTheEngineHasAndWhatStillWaits() throws Exception {
    FakeEngine engine = new FakeEngine(0);
    start(engine, 1);
    driver.submit(request("running"));
    driver.submit(request("other"));
    await(() -> engine.waitsForSteps());
    driver.cancel("running");
    driver.submit(request("never"));
    driver.cancel("never");
    engine.allow(PLENTY);
    runUntil(() -> updates().stream().anyMatch(GenerationUpdate::finished));
    assertThat(updates())
        .filteredOn(GenerationUpdate::finished)
        .extracting(GenerationUpdate::requestId)
        .containsExactly("other");
    assertThat(updates()).noneMatch(update -> update.requestId().equals("never"));
  }

  @Test
  void failsTheTaskWithTheEnginesFailure() {
    FakeEngine engine = new FakeEngine(PLENTY);
    driver = new EngineDriver("engine", engine, 10, () -> nowMs, () -> 0, mailbox);
    driver.submit(request("EXPLODE"));
    driver.start(results::add);

    assertThatThrownBy(() -> runUntil(() -> false))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("the engine failed: ")
        .hasRootCauseMessage("the model broke");
    driver.close();
    assertThat(engine.closed()).isTrue();
  }

  @Test
  void closesTheEngineInItsOwnThreadAndWaitsForIt() throws Exception {
    FakeEngine engine = new FakeEngine(PLENTY);
    start(engine, 10);
    Thread thread = engineThread();
    runUntil(() -> results.size() == 1);
    driver.close();

    assertThat(engine.closed()).isTrue();
    assertThat(thread.isAlive()).isFalse();
  }

  @Test
  void closesAnEngineThatNeverStarted() {
    FakeEngine engine = new FakeEngine(PLENTY);
    driver = new EngineDriver("engine", engine, 10, () -> nowMs, () -> 0, mailbox);
    driver.close();
    assertThat(engine.closed()).isTrue();
  }

  @Test
  void closesWhileBlockedOnAFullMailbox() {
    FakeEngine engine = new FakeEngine(PLENTY);
    start(engine, 10);
    driver.submit(request("x".repeat(100)));
    await(() -> mailbox.waiting() == MAILS_MAX);
    driver.close();

    assertThat(engine.closed()).isTrue();
    assertThat(mailbox.waiting()).isEqualTo(MAILS_MAX);
  }

  @Test
  void closesWhileTheEngineStepsThoughItSwallowsTheInterrupt() throws Exception {
    StubbornEngine engine = new StubbornEngine();
    start(engine, 10);
    driver.submit(request("a"));
    // Mails fill up during the first, free steps; the last blocks until it is interrupted.
    engine.blocked.await();
    driver.close();

    assertThat(engine.closed).isTrue();
  }

  @Test
  void keepsAnInterruptOfTheThreadThatCloses() throws Exception {
    FakeEngine engine = new FakeEngine(PLENTY);
    start(engine, 10);
    runUntil(() -> results.size() == 1);
    Thread.currentThread().interrupt();
    driver.close();

    assertThat(Thread.interrupted()).isTrue();
    assertThat(engine.closed()).as("the engine had ended before").isTrue();
  }

  @Test
  void endsQuietlyWhenTheTaskTakesNoMoreMails() throws Exception {
    FakeEngine engine = new FakeEngine(PLENTY);
    mailbox.close();
    start(engine, 10);
    await(engine::closed);
    assertThat(mailbox.waiting()).isZero();
  }

  private void start(Engine engine, int waitingMax) {
    driver =
        new EngineDriver("engine under test", engine, waitingMax, () -> nowMs, () -> 0, mailbox);
    driver.start(results::add);
  }

  private static Thread engineThread() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("engine under test"))
        .findFirst()
        .orElseThrow();
  }

  private List<GenerationUpdate> updates() {
    return results.stream().flatMap(result -> result.updates().stream()).toList();
  }

  private void runUntil(BooleanSupplier condition) throws Exception {
    while (!condition.getAsBoolean()) {
      mailbox.runNext();
    }
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        fail("the condition did not come true in time");
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  private static GenerationRequest request(String text) {
    return new GenerationRequest(text, FakeEngine.tokens(text), SamplingParams.greedy(1000));
  }

  /** Runs one request a step, the others queue. */
  private static final class QueueingEngine implements Engine {
    private final List<String> queue = new ArrayList<>();
    private final AtomicInteger waitingMost = new AtomicInteger();

    @Override
    public void submit(GenerationRequest request) {
      queue.add(request.id());
      waitingMost.accumulateAndGet(queue.size(), Math::max);
    }

    @Override
    public List<GenerationUpdate> step() {
      return List.of(
          new GenerationUpdate(queue.remove(0), List.of(), "", FinishReason.STOP, null, 0, 1, 1));
    }

    @Override
    public boolean cancel(String requestId) {
      return queue.remove(requestId);
    }

    @Override
    public boolean hasWork() {
      return !queue.isEmpty();
    }

    @Override
    public EngineStats stats() {
      return new EngineStats(0, queue.size(), 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
    }

    @Override
    public void close() {}
  }

  /** Fills the mailbox, then blocks in a step, and forgets that it was interrupted. */
  private static final class StubbornEngine implements Engine {
    private final CountDownLatch blocked = new CountDownLatch(1);
    private volatile boolean closed;
    private int steps;

    @Override
    public void submit(GenerationRequest request) throws RequestRejectedException {}

    @Override
    public List<GenerationUpdate> step() {
      steps++;
      if (steps > MAILS_MAX) {
        blocked.countDown();
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          return List.of();
        }
      }
      return List.of();
    }

    @Override
    public boolean cancel(String requestId) {
      return false;
    }

    @Override
    public boolean hasWork() {
      return true;
    }

    @Override
    public EngineStats stats() {
      return new EngineStats(1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
