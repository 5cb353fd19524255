package io.millrace.jobs.generate;

import static io.millrace.jobs.generate.GenerateHarness.START_MS;
import static io.millrace.jobs.generate.GenerateHarness.prompt;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Locale.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.Choice;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.RequestStatus;
import io.millrace.schemas.Response;
import io.millrace.schemas.ResponseFinishReason;
import io.millrace.schemas.TokenEvent;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.runtime.tasks.mailbox.Mail;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailbox;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.util.function.ThrowingRunnable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class GenerateOperatorTest {
  private static final int PLENTY = 1_000_000;

  @Test
  void answersAPromptAndSaysWhatItCost() throws Exception {
    try (GenerateHarness harness = new GenerateHarness(new FakeEngine(PLENTY), 8).open()) {
      harness.send(prompt(0, "hello"));
      harness.runUntil(() -> !harness.responses().isEmpty());

      Response response = harness.responses().get(0);
      assertThat(response.getChoices().get(0).getMessage().getContent()).isEqualTo("HELLO");
      assertThat(response.getFinishReason()).isEqualTo(ResponseFinishReason.stop);
      assertThat(response.getUsage().getPromptTokens()).isEqualTo(5);
      assertThat(response.getUsage().getCompletionTokens()).isEqualTo(5);
      assertThat(response.getCached()).isEqualTo(CacheOutcome.none);

      CostEvent cost = harness.costs().get(0);
      assertThat(cost.getStatus()).isEqualTo(RequestStatus.generated);
      assertThat(cost.getDeviceNanos()).isEqualTo(5 * FakeEngine.STEP_NANOS);
      // 3.60 USD an hour are 1e-12 USD a nanosecond times 1000.
      assertThat(cost.getTotalUsd()).isEqualByComparingTo(new BigDecimal("0.000000005"));
      assertThat(cost.getTotalUsd()).isEqualTo(cost.getInputUsd().add(cost.getOutputUsd()));
      assertThat(response.getCostUsd()).isEqualTo(cost.getTotalUsd());
    }
  }

  @Test
  void generatesEqualPromptsOnce() throws Exception {
    FakeEngine engine = new FakeEngine(0);
    try (GenerateHarness harness = new GenerateHarness(engine, 8).open()) {
      harness.send(prompt(0, "twice"), prompt(1, "twice"));
      engine.allow(PLENTY);
      harness.runUntil(() -> harness.responses().size() == 2);
      harness.send(prompt(2, "twice"));

      assertThat(harness.responses())
          .extracting(Response::getCached)
          .containsExactly(CacheOutcome.none, CacheOutcome.coalesced, CacheOutcome.hit);
      assertThat(harness.responses())
          .allSatisfy(
              r -> assertThat(r.getChoices().get(0).getMessage().getContent()).isEqualTo("TWICE"));
      assertThat(engine.tokensGenerated()).isEqualTo(5);
      BigDecimal generated = harness.costs().get(0).getTotalUsd();
      assertThat(harness.costs().subList(1, 3))
          .allSatisfy(
              cost -> {
                assertThat(cost.getTotalUsd()).isZero();
                assertThat(cost.getSavedDedupUsd()).isEqualByComparingTo(generated);
              });
      assertThat(harness.streamed("prompts-0-1")).isEqualTo("TWICE");
      assertThat(harness.inFlight()).isEmpty();
    }
  }

  @Test
  void doesNotUseAnAnswerPastItsTime() throws Exception {
    try (GenerateHarness harness = new GenerateHarness(new FakeEngine(PLENTY), 8).open()) {
      harness.send(prompt(0, "again"));
      harness.runUntil(() -> harness.responses().size() == 1);
      harness.flink.setProcessingTime(START_MS + 60_000);
      harness.send(prompt(1, "again"));
      harness.runUntil(() -> harness.responses().size() == 2);

      assertThat(harness.responses().get(1).getCached()).isEqualTo(CacheOutcome.none);
    }
  }

  @Test
  void heedsTheRequestsCacheControls() throws Exception {
    try (GenerateHarness harness = new GenerateHarness(new FakeEngine(PLENTY), 8).open()) {
      AdmittedPrompt unkept = prompt(0, "same");
      unkept.setCacheWrite(false);
      harness.send(unkept);
      harness.runUntil(() -> harness.responses().size() == 1);
      harness.send(prompt(1, "same"));
      harness.runUntil(() -> harness.responses().size() == 2);
      AdmittedPrompt anew = prompt(2, "same");
      anew.setCacheRead(false);
      harness.send(anew);
      harness.runUntil(() -> harness.responses().size() == 3);

      assertThat(harness.responses())
          .extracting(Response::getCached)
          .containsOnly(CacheOutcome.none);
    }
  }

  @Test
  void goesOnFromACheckpointWithoutSayingAnythingTwice() throws Exception {
    String text = "a somewhat longer answer";
    FakeEngine first = new FakeEngine(7);
    OperatorSubtaskState checkpoint;
    String streamedBefore;
    try (GenerateHarness harness = new GenerateHarness(first, 8).open()) {
      harness.send(prompt(0, text), prompt(1, text));
      harness.runUntil(() -> harness.tokens().size() == 7);
      checkpoint = harness.flink.snapshot(1, START_MS);
      streamedBefore = harness.streamed("prompts-0-0");
      assertThat(harness.responses()).isEmpty();
    }
    assertThat(first.closed()).isTrue();

    FakeEngine second = new FakeEngine(PLENTY);
    try (GenerateHarness harness = new GenerateHarness(second, 8).restore(checkpoint)) {
      harness.runUntil(() -> harness.responses().size() == 2);

      assertThat(streamedBefore + harness.streamed("prompts-0-0"))
          .isEqualTo(text.toUpperCase(ROOT));
      assertThat(second.tokensGenerated()).isEqualTo(text.length() - 7);
      assertThat(harness.responses())
          .allSatisfy(
              r ->
                  assertThat(r.getChoices().get(0).getMessage().getContent())
                      .isEqualTo(text.toUpperCase(ROOT)));
      assertThat(harness.costs().get(0).getDeviceNanos())
          .isEqualTo(text.length() * FakeEngine.STEP_NANOS);
      assertThat(harness.inFlight()).isEmpty();
    }
  }

  @Test
  void keepsEveryAnswerInProgressWhenItIsRescaled() throws Exception {
    List<AdmittedPrompt> prompts = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      prompts.add(prompt(i, "prompt number " + i));
    }
    OperatorSubtaskState checkpoint;
    try (GenerateHarness harness = new GenerateHarness(new FakeEngine(0), 16).open()) {
      harness.send(prompts.toArray(AdmittedPrompt[]::new));
      harness.engine.allow(3);
      harness.runUntilEngineWaits();
      assertThat(harness.engine.tokensGenerated()).isGreaterThanOrEqualTo(12);
      checkpoint = harness.flink.snapshot(1, START_MS);
    }
    List<String> answers = new ArrayList<>();
    for (int subtask = 0; subtask < 2; subtask++) {
      try (GenerateHarness harness = new GenerateHarness(new FakeEngine(PLENTY), 16, 2, subtask)) {
        harness.restore(
            AbstractStreamOperatorTestHarness.repartitionOperatorState(
                checkpoint, GenerateHarness.MAX_PARALLELISM, 1, 2, subtask));
        harness.runUntil(() -> harness.inFlight().isEmpty());
        harness.responses().forEach(r -> answers.add(r.getRequestId()));
        assertThat(harness.inFlight()).isEmpty();
      }
    }
    assertThat(answers)
        .containsExactlyInAnyOrderElementsOf(
            prompts.stream().map(AdmittedPrompt::getRequestId).toList());
  }

  @Test
  void buriesAPromptThatTheEngineFailsOnAndThoseThatWaitForIt() throws Exception {
    FakeEngine engine = new FakeEngine(0);
    try (GenerateHarness harness = new GenerateHarness(engine, 8).open()) {
      harness.send(
          prompt(0, "will FAIL"), prompt(1, "will FAIL"), prompt(2, "REFUSE"), prompt(3, "fine"));
      engine.allow(PLENTY);
      harness.runUntil(() -> harness.deadLetters().size() == 3 && !harness.responses().isEmpty());

      assertThat(harness.deadLetters())
          .extracting(DeadLetter::offset, DeadLetter::code, DeadLetter::retryable)
          .containsExactlyInAnyOrder(
              tuple(0L, "engine_error", true),
              tuple(1L, "engine_error", true),
              tuple(2L, "engine_rejected", false));
      assertThat(new String(harness.deadLetters().get(0).value(), UTF_8))
          .isIn("will FAIL", "REFUSE");
      assertThat(harness.responses()).hasSize(1);
      assertThat(harness.costs()).hasSize(4).allMatch(CostEvent::getIsFinal);
      assertThat(harness.inFlight()).isEmpty();
    }
  }

  /** FakeEngine fails on FLAKY once in its life. */
  @Test
  void answersThoseThatWaitedForAPromptThatFailed() throws Exception {
    FakeEngine engine = new FakeEngine(0);
    try (GenerateHarness harness = new GenerateHarness(engine, 8).open()) {
      harness.send(prompt(0, "FLAKY"), prompt(1, "FLAKY"), prompt(2, "FLAKY"));
      engine.allow(PLENTY);
      harness.runUntil(() -> harness.responses().size() == 2);

      assertThat(harness.deadLetters()).extracting(DeadLetter::offset).containsExactly(0L);
      assertThat(harness.responses())
          .extracting(Response::getRequestId, Response::getCached)
          .containsExactly(
              tuple("prompts-0-1", CacheOutcome.none),
              tuple("prompts-0-2", CacheOutcome.coalesced));
      assertThat(harness.streamed("prompts-0-1")).isEqualTo("FLAKY");
      assertThat(harness.costs()).hasSize(3).allMatch(CostEvent::getIsFinal);
      assertThat(harness.inFlight()).isEmpty();
    }
  }

  @Test
  void buriesThoseThatWaitedOnceEnoughHaveFailed() throws Exception {
    FakeEngine engine = new FakeEngine(0);
    int tries = 1 + GenerateHarness.FAILED_LEADERS_MAX;
    try (GenerateHarness harness = new GenerateHarness(engine, 100).open()) {
      for (int i = 0; i < 10; i++) {
        harness.send(prompt(i, "will FAIL"));
      }
      engine.allow(PLENTY);
      harness.runUntil(() -> harness.deadLetters().size() == 10);

      assertThat(harness.deadLetters()).allMatch(DeadLetter::retryable);
      assertThat(engine.tokensGenerated())
          .as("FAIL fails at its third token")
          .isEqualTo(2L * tries);
      assertThat(harness.costs().stream().filter(cost -> cost.getDeviceNanos() > 0)).hasSize(tries);
      assertThat(harness.costs()).hasSize(10).allMatch(CostEvent::getIsFinal);
      assertThat(harness.inFlight()).isEmpty();
    }
  }

  @Test
  void tellsALatePromptThatItExpired() throws Exception {
    try (GenerateHarness harness = new GenerateHarness(new FakeEngine(PLENTY), 8).open()) {
      AdmittedPrompt late = prompt(0, "late");
      late.setDeadlineMs(START_MS);
      harness.send(late);

      assertThat(harness.responses().get(0).getFinishReason())
          .isEqualTo(ResponseFinishReason.expired);
      assertThat(harness.costs().get(0).getStatus()).isEqualTo(RequestStatus.expired);
      assertThat(harness.inFlight()).isEmpty();
    }
  }

  @Test
  void givesAsManyChoicesAsAskedForAndPaysForThemOnce() throws Exception {
    FakeEngine engine = new FakeEngine(0);
    try (GenerateHarness harness = new GenerateHarness(engine, 8).open()) {
      harness.send(withChoices(prompt(0, "three"), 3), withChoices(prompt(1, "three"), 3));
      engine.allow(PLENTY);
      harness.runUntil(() -> harness.responses().size() == 2);
      harness.send(withChoices(prompt(2, "three"), 3));

      assertThat(harness.responses())
          .allSatisfy(r -> assertThat(texts(r)).containsExactly("THREE", "THREE*", "THREE**"))
          .allSatisfy(r -> assertThat(r.getUsage().getPromptTokens()).isEqualTo(5))
          .allSatisfy(r -> assertThat(r.getUsage().getCompletionTokens()).isEqualTo(18));
      assertThat(harness.responses().get(0).getChoices())
          .extracting(Choice::getIndex)
          .containsExactly(0, 1, 2);
      assertThat(engine.tokensGenerated()).isEqualTo(18);
      CostEvent cost = harness.costs().get(0);
      assertThat(cost.getOutputTokens()).isEqualTo(18);
      assertThat(cost.getDeviceNanos()).isEqualTo(18 * FakeEngine.STEP_NANOS);
      assertThat(harness.costs().get(2).getSavedDedupUsd())
          .isEqualByComparingTo(cost.getTotalUsd());
      assertThat(harness.tokens())
          .filteredOn(event -> event.getRequestId().equals("prompts-0-0"))
          .filteredOn(event -> event.getChoice() == 2)
          .extracting(TokenEvent::getText)
          .containsExactly("T", "H", "R", "E", "E", "*", "*");
      assertThat(harness.inFlight()).isEmpty();
    }
  }

  @Test
  void buriesAPromptWithChoicesOnce() throws Exception {
    try (GenerateHarness harness = new GenerateHarness(new FakeEngine(PLENTY), 8).open()) {
      harness.send(withChoices(prompt(0, "will FAIL"), 2), withChoices(prompt(1, "REFUSE"), 2));
      harness.send(prompt(2, "fine"));
      harness.runUntil(() -> harness.responses().size() == 1);

      assertThat(harness.deadLetters()).hasSize(2);
      assertThat(harness.costs()).hasSize(3).allMatch(CostEvent::getIsFinal);
      assertThat(harness.inFlight()).isEmpty();
    }
  }

  @Test
  void endsAnAnswerAtItsDeadlineAndBillsWhatWasDone() throws Exception {
    FakeEngine engine = new FakeEngine(3);
    try (GenerateHarness harness = new GenerateHarness(engine, 8).open()) {
      harness.send(until(prompt(0, "too long"), START_MS + 10));
      harness.runUntilEngineWaits();
      passTime(harness, START_MS + 10);
      engine.allow(1);
      harness.runUntil(() -> harness.responses().size() == 1);

      Response response = harness.responses().get(0);
      assertThat(response.getFinishReason()).isEqualTo(ResponseFinishReason.expired);
      assertThat(response.getError()).contains("deadline");
      assertThat(texts(response)).containsExactly("TOO");
      CostEvent cost = harness.costs().get(0);
      assertThat(cost.getStatus()).isEqualTo(RequestStatus.expired);
      assertThat(cost.getDeviceNanos()).isEqualTo(3 * FakeEngine.STEP_NANOS);
      assertThat(cost.getTotalUsd()).isPositive();
      // Half an answer is no answer for those who come later.
      engine.allow(PLENTY);
      harness.send(prompt(1, "too long"));
      harness.runUntil(() -> harness.responses().size() == 2);
      assertThat(texts(harness.responses().get(1))).containsExactly("TOO LONG");
    }
  }

  @Test
  void goesOnPastItsLeadersDeadlineForAFollowerWithALaterOne() throws Exception {
    FakeEngine engine = new FakeEngine(3);
    try (GenerateHarness harness = new GenerateHarness(engine, 8).open()) {
      harness.send(until(prompt(0, "too long"), START_MS + 10));
      harness.send(until(prompt(1, "too long"), START_MS + 20));
      harness.runUntilEngineWaits();
      passTime(harness, START_MS + 10);
      engine.allow(3);
      harness.runUntilEngineWaits();
      assertThat(harness.responses()).isEmpty();
      assertThat(engine.tokensGenerated()).isEqualTo(5);
      passTime(harness, START_MS + 20);
      engine.allow(1);
      harness.runUntil(() -> harness.responses().size() == 2);

      assertThat(harness.responses())
          .allSatisfy(r -> assertThat(texts(r)).containsExactly("TOO L"))
          .extracting(Response::getFinishReason)
          .containsOnly(ResponseFinishReason.expired);
      assertThat(harness.costs())
          .extracting(CostEvent::getStatus)
          .containsOnly(RequestStatus.expired);
      assertThat(harness.streamed("prompts-0-0")).isEqualTo("TOO L");
      assertThat(harness.inFlight()).isEmpty();
    }
  }

  @Test
  void endsARestoredAnswerWhoseDeadlineHasPassed() throws Exception {
    OperatorSubtaskState checkpoint;
    try (GenerateHarness harness = new GenerateHarness(new FakeEngine(2), 8).open()) {
      harness.send(until(prompt(0, "late"), START_MS + 10));
      harness.runUntilEngineWaits();
      checkpoint = harness.flink.snapshot(1, START_MS);
    }
    FakeEngine engine = new FakeEngine(0);
    try (GenerateHarness harness = new GenerateHarness(engine, 8)) {
      passTime(harness, START_MS + 10);
      harness.restore(checkpoint);
      engine.allow(1);
      harness.runUntil(() -> harness.responses().size() == 1);
      assertThat(texts(harness.responses().get(0))).containsExactly("LA");
      assertThat(engine.tokensGenerated()).isZero();
    }
  }

  @Test
  void beginsAgainWhereTheModelHasChanged() throws Exception {
    OperatorSubtaskState checkpoint;
    try (GenerateHarness harness = new GenerateHarness(new FakeEngine(2), 8).open()) {
      harness.send(prompt(0, "again"));
      harness.runUntilEngineWaits();
      checkpoint = harness.flink.snapshot(1, START_MS);
    }
    FakeEngine engine = new FakeEngine(PLENTY);
    try (GenerateHarness harness = new GenerateHarness(engine, 8)) {
      harness.digest = "another";
      harness.restore(checkpoint);
      harness.runUntil(() -> harness.responses().size() == 1);
      assertThat(engine.tokensGenerated()).isEqualTo(5);
      assertThat(harness.tokens()).extracting(TokenEvent::getAttempt).containsOnly(1);
      assertThat(harness.streamed("prompts-0-0")).isEqualTo("AGAIN");
      assertThat(texts(harness.responses().get(0))).containsExactly("AGAIN");
    }
  }

  @Test
  void holdsItsInputBackWhenTheBacklogIsFull() throws Exception {
    FakeEngine engine = new FakeEngine(0);
    try (GenerateHarness harness = new GenerateHarness(engine, 3).open()) {
      harness.send(prompt(0, "aa"), prompt(1, "bb"));
      assertThat(harness.responses()).isEmpty();
      new Thread(() -> engine.allow(PLENTY)).start();
      harness.send(prompt(2, "cc"));

      assertThat(harness.responses()).as("answered while the third was held").isNotEmpty();
      harness.runUntil(() -> harness.responses().size() == 3);
    }
  }

  @Test
  void servesCheckpointsWhileItsBacklogIsFull() throws Exception {
    FakeEngine engine = new FakeEngine(0);
    List<OperatorSubtaskState> checkpoints = new ArrayList<>();
    try (GenerateHarness harness = new GenerateHarness(engine, 2).open()) {
      harness.send(prompt(0, "a0"));
      // What a barrier that overtakes its channel leaves in the task's mailbox.
      ThrowingRunnable<Exception> checkpoint =
          () -> {
            checkpoints.add(harness.flink.snapshot(1, START_MS));
            assertThat(harness.responses()).isEmpty();
            engine.allow(PLENTY);
          };
      harness
          .flink
          .getTaskMailbox()
          .put(new Mail(checkpoint, TaskMailbox.MIN_PRIORITY, "checkpoint"));
      harness.send(prompt(1, "a1"));
      assertThat(checkpoints).hasSize(1);
      assertThat(harness.responses()).as("there was no room before").isNotEmpty();
    }
    try (GenerateHarness harness =
        new GenerateHarness(new FakeEngine(PLENTY), 8).restore(checkpoints.get(0))) {
      assertThat(harness.inFlight()).as("the one that filled it, too").hasSize(2);
      harness.runUntil(() -> harness.responses().size() == 2);
    }
  }

  @Test
  void failsTheTaskWhenItsEngineFails() throws Exception {
    FakeEngine engine = new FakeEngine(0);
    try (GenerateHarness harness = new GenerateHarness(engine, 8).open()) {
      harness.send(prompt(0, "EXPLODE"));
      engine.allow(1);
      assertThatThrownBy(() -> harness.runUntil(() -> false))
          .hasStackTraceContaining("the engine failed");
    }
    assertThat(engine.closed()).isTrue();
  }

  @Test
  void doesNotKeepAnAnswerThatIsTooLarge() throws Exception {
    // The harness keeps 1000 bytes, and a character can take three.
    String large = "x".repeat(334);
    try (GenerateHarness harness = new GenerateHarness(new FakeEngine(PLENTY), 8).open()) {
      for (int i = 0; i < 2; i++) {
        AdmittedPrompt prompt = prompt(i, large);
        prompt.getSampling().setMaxTokens(1000);
        int count = i + 1;
        harness.send(prompt);
        harness.runUntil(() -> harness.responses().size() == count);
      }
      assertThat(harness.responses())
          .extracting(Response::getCached)
          .containsOnly(CacheOutcome.none);
    }
  }

  @Test
  void answersEverythingBeforeABoundedInputEnds() throws Exception {
    try (GenerateHarness harness = new GenerateHarness(new FakeEngine(PLENTY), 8).open()) {
      harness.send(prompt(0, "one"), prompt(1, "two"));
      harness.flink.endInput();

      assertThat(harness.responses()).hasSize(2);
    }
  }

  private static AdmittedPrompt withChoices(AdmittedPrompt prompt, int n) {
    prompt.getSampling().setN(n);
    return prompt;
  }

  private static AdmittedPrompt until(AdmittedPrompt prompt, long deadlineMs) {
    prompt.setDeadlineMs(deadlineMs);
    return prompt;
  }

  private static void passTime(GenerateHarness harness, long epochMillis) throws Exception {
    harness.flink.setProcessingTime(epochMillis);
    harness.engine.setTimeMs(epochMillis);
  }

  private static List<String> texts(Response response) {
    return response.getChoices().stream().map(c -> c.getMessage().getContent()).toList();
  }
}
