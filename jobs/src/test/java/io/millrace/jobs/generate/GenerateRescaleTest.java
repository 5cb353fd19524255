package io.millrace.jobs.generate;

import static io.millrace.jobs.generate.GenerateHarness.START_MS;
import static io.millrace.jobs.generate.GenerateHarness.prompt;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.Response;
import io.millrace.schemas.TokenEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.forst.ForStStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

/** Answers in progress on their way over other parallelisms and state backends. */
class GenerateRescaleTest {
  private static final int PROMPTS = 24;
  private static final int PLENTY = 1_000_000;

  /** Fewer than there are prompts: some are carried over that have not begun. */
  private static final int ENGINE_REQUESTS = 4;

  private final List<Response> responses = new ArrayList<>();
  private final List<TokenEvent> tokens = new ArrayList<>();
  private final List<CostEvent> costs = new ArrayList<>();

  /** Whose state there is. */
  private int subtasks;

  /** How many tokens were generated in all. */
  private long generated;

  @Test
  void goesFromTheHeapToRocksDbToForStAndFromOneToTwoToOne() throws Exception {
    List<AdmittedPrompt> prompts = new ArrayList<>();
    for (int i = 0; i < PROMPTS; i++) {
      // Every third equals the one before it, and follows.
      prompts.add(prompt(i, "the text of number " + (i % 3 == 2 ? i - 1 : i)));
    }
    OperatorSubtaskState state = run(1, null, new HashMapStateBackend(), prompts, 5);
    int heapTokens = tokens.size();
    assertThat(heapTokens).as("answers were in progress").isGreaterThan(ENGINE_REQUESTS);
    assertThat(responses).isEmpty();
    state = run(2, state, new EmbeddedRocksDBStateBackend(true), List.of(), 7);
    assertThat(tokens.size()).isGreaterThan(heapTokens);
    assertThat(responses).isEmpty();
    state = run(1, state, new ForStStateBackend(), List.of(), 3);
    run(2, state, new HashMapStateBackend(), List.of(), PLENTY);

    assertThat(responses)
        .extracting(Response::getRequestId)
        .containsExactlyInAnyOrderElementsOf(
            prompts.stream().map(AdmittedPrompt::getRequestId).toList());
    assertThat(costs).hasSize(PROMPTS).allMatch(CostEvent::getIsFinal);
    Map<String, String> expected = new HashMap<>();
    prompts.forEach(p -> expected.put(p.getRequestId(), FakeEngine.answer(p.getFingerprint(), 0)));
    Map<String, StringBuilder> streamed = new HashMap<>();
    for (TokenEvent event : tokens) {
      StringBuilder text =
          streamed.computeIfAbsent(event.getRequestId(), id -> new StringBuilder());
      assertThat(event.getIndex()).as("no token twice, none left out").isEqualTo(text.length());
      text.append(event.getText());
    }
    for (Response response : responses) {
      String id = response.getRequestId();
      assertThat(response.getChoices().get(0).getMessage().getContent())
          .isEqualTo(expected.get(id));
      assertThat(streamed.get(id).toString()).isEqualTo(expected.get(id));
    }
    long distinct =
        prompts.stream()
            .map(AdmittedPrompt::getFingerprint)
            .distinct()
            .mapToLong(String::length)
            .sum();
    assertThat(generated).as("no committed position was computed again").isEqualTo(distinct);
  }

  /**
   * Runs so many subtasks on a savepoint, for so many steps each, and takes another.
   *
   * @param from null at the beginning
   */
  private OperatorSubtaskState run(
      int parallelism,
      OperatorSubtaskState from,
      StateBackend backend,
      List<AdmittedPrompt> prompts,
      int steps)
      throws Exception {
    List<OperatorSubtaskState> states = new ArrayList<>();
    for (int subtask = 0; subtask < parallelism; subtask++) {
      FakeEngine engine = new FakeEngine(0);
      try (GenerateHarness harness =
          new GenerateHarness(engine, ENGINE_REQUESTS, 100, parallelism, subtask).on(backend)) {
        if (from == null) {
          harness.open();
        } else {
          harness.restore(
              AbstractStreamOperatorTestHarness.repartitionOperatorState(
                  from, GenerateHarness.MAX_PARALLELISM, subtasks, parallelism, subtask));
        }
        harness.send(prompts.toArray(AdmittedPrompt[]::new));
        engine.allow(steps);
        harness.runUntilEngineWaits();
        states.add(
            harness
                .flink
                .snapshotWithLocalState(
                    1, START_MS, SavepointType.savepoint(SavepointFormatType.CANONICAL))
                .getJobManagerOwnedState());
        responses.addAll(harness.responses());
        tokens.addAll(harness.tokens());
        costs.addAll(harness.costs());
        generated += engine.tokensGenerated();
      }
    }
    subtasks = parallelism;
    return AbstractStreamOperatorTestHarness.repackageState(
        states.toArray(OperatorSubtaskState[]::new));
  }
}
