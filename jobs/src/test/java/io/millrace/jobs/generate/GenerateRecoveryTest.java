package io.millrace.jobs.generate;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.Response;
import io.millrace.schemas.TokenEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.junit.jupiter.api.Test;

/**
 * Random prompts, many of them equal, through crashes at random places: what was emitted up to a
 * checkpoint counts, what came after it is lost with the task, and the source goes back.
 */
class GenerateRecoveryTest {
  private static final int PROMPTS = 40;
  private static final int CRASHES = 6;
  private static final int PLENTY = 1_000_000;

  /** What readers of committed records see. */
  private final List<Response> responses = new ArrayList<>();

  private final List<TokenEvent> tokens = new ArrayList<>();
  private final List<CostEvent> costs = new ArrayList<>();
  private final List<DeadLetter> deadLetters = new ArrayList<>();

  @Test
  void settlesEachPromptOnceWithStateOnTheHeap() throws Exception {
    for (int seed = 0; seed < 10; seed++) {
      runAndCheck(seed, new HashMapStateBackend());
    }
  }

  @Test
  void settlesEachPromptOnceWithStateInRocksDb() throws Exception {
    for (int seed = 0; seed < 2; seed++) {
      runAndCheck(seed, new EmbeddedRocksDBStateBackend(false));
    }
  }

  private void runAndCheck(int seed, StateBackend backend) throws Exception {
    Random random = new Random(seed);
    List<AdmittedPrompt> prompts = prompts(random);
    List.of(responses, tokens, costs, deadLetters).forEach(List::clear);
    OperatorSubtaskState checkpoint = null;
    int read = 0;
    for (int attempt = 0; attempt <= CRASHES; attempt++) {
      boolean last = attempt == CRASHES;
      FakeEngine engine = new FakeEngine(last ? PLENTY : 0);
      try (GenerateHarness harness = new GenerateHarness(engine, 4, 1000, 1, 0).on(backend)) {
        if (checkpoint == null) {
          harness.open();
        } else {
          harness.restore(checkpoint);
        }
        int until = last ? PROMPTS : Math.min(PROMPTS, read + random.nextInt(10));
        send(harness, prompts.subList(read, until), random);
        read = until;
        if (last) {
          harness.runUntil(() -> harness.inFlight().isEmpty());
        } else {
          engine.allow(random.nextInt(6));
          harness.runUntilEngineWaits();
          checkpoint = harness.flink.snapshot(attempt + 1, GenerateHarness.START_MS);
        }
        responses.addAll(harness.responses());
        tokens.addAll(harness.tokens());
        costs.addAll(harness.costs());
        deadLetters.addAll(harness.deadLetters());
        if (!last) {
          // Lost with the task.
          send(harness, prompts.subList(read, Math.min(PROMPTS, read + 3)), random);
          engine.allow(random.nextInt(4));
          harness.runUntilEngineWaits();
        }
      }
    }
    check(seed, prompts);
  }

  private static void send(GenerateHarness harness, List<AdmittedPrompt> prompts, Random random)
      throws Exception {
    for (AdmittedPrompt prompt : prompts) {
      harness.send(prompt);
      if (random.nextInt(3) == 0) {
        harness.engine.allow(1);
        harness.runUntilEngineWaits();
      }
    }
  }

  private static List<AdmittedPrompt> prompts(Random random) {
    List<AdmittedPrompt> prompts = new ArrayList<>();
    for (int i = 0; i < PROMPTS; i++) {
      String text = "text number " + random.nextInt(12);
      if (random.nextInt(8) == 0) {
        text = "FAIL number " + random.nextInt(3);
      }
      AdmittedPrompt prompt = GenerateHarness.prompt(i, text);
      prompt.getSampling().setN(choices(text));
      prompts.add(prompt);
    }
    return prompts;
  }

  /** Equal prompts ask for equally many. */
  private static int choices(String text) {
    return 1 + Math.floorMod(text.hashCode(), 3);
  }

  private void check(int seed, List<AdmittedPrompt> prompts) {
    assertThat(responses.size() + deadLetters.size()).as("seed " + seed).isEqualTo(PROMPTS);
    assertThat(costs).as("seed " + seed).hasSize(PROMPTS).allMatch(CostEvent::getIsFinal);
    for (AdmittedPrompt prompt : prompts) {
      String id = prompt.getRequestId();
      String where = "seed " + seed + ", " + id;
      List<CostEvent> rows = costs.stream().filter(cost -> cost.getRequestId().equals(id)).toList();
      assertThat(rows).as(where).hasSize(1);
      assertThat(rows.get(0).getInputUsd().add(rows.get(0).getOutputUsd()))
          .as(where)
          .isEqualTo(rows.get(0).getTotalUsd());
      if (prompt.getFingerprint().startsWith("FAIL")) {
        assertThat(deadLetters).as(where).anyMatch(d -> d.offset() == prompt.getOffset());
        continue;
      }
      Response response =
          responses.stream().filter(r -> r.getRequestId().equals(id)).findFirst().orElseThrow();
      int choices = choices(prompt.getFingerprint());
      assertThat(response.getChoices()).as(where).hasSize(choices);
      for (int choice = 0; choice < choices; choice++) {
        String text = FakeEngine.answer(prompt.getFingerprint(), choice);
        assertThat(response.getChoices().get(choice).getMessage().getContent())
            .as(where)
            .isEqualTo(text);
        checkTokens(where, id, choice, text);
      }
      assertThat(response.getCostUsd()).as(where).isEqualTo(rows.get(0).getTotalUsd());
      boolean generated = response.getCached() == CacheOutcome.none;
      assertThat(response.getQueueMs() == null).as(where).isEqualTo(!generated);
      assertThat(rows.get(0).getTotalUsd().signum()).as(where).isEqualTo(generated ? 1 : 0);
      assertThat(rows.get(0).getSavedDedupUsd().signum()).as(where).isEqualTo(generated ? 0 : 1);
    }
  }

  /** The events cover the answer's positions in order, none missing and none twice. */
  private void checkTokens(String where, String id, int choice, String text) {
    StringBuilder streamed = new StringBuilder();
    int position = 0;
    for (TokenEvent event : tokens) {
      if (event.getRequestId().equals(id) && event.getChoice() == choice) {
        assertThat(event.getIndex()).as(where).isEqualTo(position);
        position += event.getTokenCount();
        streamed.append(event.getText());
        assertThat(event.getFinishReason() != null).as(where).isEqualTo(position == text.length());
      }
    }
    assertThat(streamed.toString()).as(where).isEqualTo(text);
  }
}
