package io.millrace.jobs.generate;

import static io.millrace.jobs.generate.GenerateHarness.START_MS;
import static io.millrace.jobs.generate.GenerateHarness.prompt;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.Test;

/**
 * Every admitted prompt ends in exactly one final row, whatever becomes of it: that row frees what
 * its tenant's budget has reserved for it. Each way to end is walked here, and those of a request
 * that crashes the process in {@link CrashIsolationTest} and {@code PoisonPromptTest}: it is
 * refused by the engine, like {@code REFUSE} here.
 */
class FinalRowsTest {
  private static final int PLENTY = 1_000_000;

  private final List<CostEvent> rows = new ArrayList<>();
  private final Set<String> sent = new TreeSet<>();

  @Test
  void everyWayToEndHasOne() throws Exception {
    FakeEngine engine = new FakeEngine(0);
    OperatorSubtaskState checkpoint;
    try (GenerateHarness harness = new GenerateHarness(engine, 100).open()) {
      send(harness, prompt(0, "answered"), prompt(1, "answered"));
      AdmittedPrompt choices = prompt(2, "three of it");
      choices.getSampling().setN(3);
      send(harness, choices);
      send(harness, until(prompt(3, "late already"), START_MS));
      send(harness, until(prompt(4, "too late in the end"), START_MS + 10));
      send(harness, until(prompt(5, "too late in the end"), START_MS + 10));
      send(harness, until(prompt(6, "too late at first"), START_MS + 10));
      send(harness, until(prompt(7, "too late at first"), START_MS + 1_000_000));
      send(harness, prompt(8, "will FAIL"), prompt(9, "will FAIL"));
      send(harness, prompt(10, "FLAKY"), prompt(11, "FLAKY"), prompt(12, "FLAKY"));
      send(harness, prompt(13, "REFUSE"), prompt(14, "REFUSE"));
      send(harness, prompt(15, "BREAK"), prompt(16, "BREAK"));
      AdmittedPrompt shortened = prompt(17, "ends before its time");
      shortened.getSampling().setMaxTokens(2);
      send(harness, shortened);
      engine.allow(5);
      harness.runUntilEngineWaits();
      harness.flink.setProcessingTime(START_MS + 10);
      engine.setTimeMs(START_MS + 10);
      engine.allow(1);
      harness.runUntilEngineWaits();
      checkpoint = harness.flink.snapshot(1, START_MS);
      rows.addAll(harness.costs());
      // Lost with the task.
      engine.allow(PLENTY);
      harness.runUntil(() -> harness.inFlight().isEmpty());
    }
    // Another model by then: what was begun begins again.
    try (GenerateHarness harness = new GenerateHarness(new FakeEngine(PLENTY), 100)) {
      harness.digest = "another";
      harness.restore(checkpoint);
      harness.runUntil(() -> harness.inFlight().isEmpty());
      send(harness, prompt(18, "answered"));
      rows.addAll(harness.costs());
      assertThat(harness.inFlight()).isEmpty();
    }

    Map<RequestStatus, Integer> ends = new EnumMap<>(RequestStatus.class);
    for (CostEvent row : rows) {
      assertThat(row.getKind()).isEqualTo(CostKind.request);
      assertThat(row.getIsFinal()).isTrue();
      assertThat(row.getTenant()).isEqualTo("acme");
      assertThat(row.getTotalUsd()).isNotNull();
      ends.merge(row.getStatus(), 1, Integer::sum);
    }
    assertThat(rows.stream().map(CostEvent::getRequestId).sorted().toList())
        .as("each once")
        .containsExactlyElementsOf(sent);
    assertThat(ends.keySet())
        .as("every way was walked")
        .containsExactlyInAnyOrder(
            RequestStatus.generated,
            RequestStatus.hit,
            RequestStatus.coalesced,
            RequestStatus.expired,
            RequestStatus.dead_lettered);
    assertThat(
            rows.stream()
                .map(CostEvent::getFinishReason)
                .map(String::valueOf)
                .collect(Collectors.toSet()))
        .as("reasons")
        .contains("stop", "length", "expired", "error");
  }

  private void send(GenerateHarness harness, AdmittedPrompt... prompts) throws Exception {
    for (AdmittedPrompt prompt : prompts) {
      sent.add(prompt.getRequestId());
    }
    harness.send(prompts);
  }

  private static AdmittedPrompt until(AdmittedPrompt prompt, long deadlineMs) {
    prompt.setDeadlineMs(deadlineMs);
    return prompt;
  }
}
