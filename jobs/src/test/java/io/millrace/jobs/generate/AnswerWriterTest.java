package io.millrace.jobs.generate;

import static io.millrace.jobs.generate.GenerateHarness.START_MS;
import static io.millrace.jobs.generate.GenerateHarness.prompt;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.TokenOutput;
import io.millrace.jobs.cost.DevicePrice;
import io.millrace.jobs.generate.AnswerWriter.Settled;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AnswerWriterTest {
  /** 1e-12 USD a nanosecond. */
  private final AnswerWriter answers =
      new AnswerWriter(
          "default", "fake", new DevicePrice(new BigDecimal("3.60")), FakeEngine.TOKENIZER);

  @Test
  void saysWhatTheCachedPromptTokensWouldHaveCost() {
    // 10 tokens, 7 of them cached: the other 3 took 1000 ns.
    Settled settled = answer(prompt(0, "0123456789"), 7, 1000);
    CostEvent cost = settled.cost();
    assertThat(cost.getFreshTokens()).isEqualTo(3);
    assertThat(cost.getCachedTokens()).isEqualTo(7);
    assertThat(cost.getInputUsd()).isEqualByComparingTo("0.000000001");
    // 1e-9 USD x 7 / 3 = 2.333...e-9, to 24 places.
    assertThat(cost.getSavedPrefixUsd()).isEqualTo(new BigDecimal("0.000000002333333333333333"));
    assertThat(cost.getTotalUsd()).isEqualTo(cost.getInputUsd().add(cost.getOutputUsd()));
    assertThat(settled.answer().response().getSavedUsd()).isEqualTo(cost.getSavedPrefixUsd());
    assertThat(settled.answer().response().getUsage().getCachedTokens()).isEqualTo(7);
  }

  @Test
  void savesNothingWhereNothingWasCached() {
    CostEvent cost = answer(prompt(0, "0123456789"), 0, 1000).cost();
    assertThat(cost.getFreshTokens()).isEqualTo(10);
    assertThat(cost.getSavedPrefixUsd()).isZero();
  }

  @Test
  void givesTheLabelsAndTheTimeOfThePromptBackAndNotTheLeaders() {
    AdmittedPrompt leader = prompt(0, "0123456789");
    leader.setMetadata(Map.of("run", "7"));
    leader.setTimestampMs(1_700_000_000_000L);
    Settled led = answer(leader, 0, 1000);
    assertThat(led.answer().response().getMetadata()).isEqualTo(Map.of("run", "7"));
    assertThat(led.answer().response().getSource().getTimestamp())
        .isEqualTo(Instant.ofEpochMilli(1_700_000_000_000L));
    assertThat(led.cost().getSource()).isEqualTo(led.answer().response().getSource());

    InFlight finished = new InFlight(leader);
    finished.choices().get(0).apply(step('A', FinishReason.STOP, 0, 10, 1000), START_MS + 1);
    AdmittedPrompt follower = prompt(1, "0123456789");
    Settled shared =
        answers.reused(
            follower, answers.finished(finished, START_MS + 2), CacheOutcome.hit, START_MS + 2);
    assertThat(shared.answer().response().getMetadata()).isEmpty();
    assertThat(shared.answer().response().getSource().getTimestamp()).isNull();
  }

  @Test
  void handsTheScopeOfSharingToTheEngine() {
    AdmittedPrompt admitted = prompt(0, "hello");
    admitted.setPrefixScope("scope");
    assertThat(request(admitted).cacheSalt()).isEqualTo("scope");
  }

  @Test
  void withoutAScopeATenantSharesWithItselfOnly() {
    // As a checkpoint of an earlier version has it.
    AdmittedPrompt acme = prompt(0, "hello");
    AdmittedPrompt other = prompt(1, "hello");
    other.setTenant("other");
    assertThat(request(acme).cacheSalt()).isNotEmpty().isNotEqualTo(request(other).cacheSalt());
  }

  private GenerationRequest request(AdmittedPrompt prompt) {
    return EngineRequests.of(new InFlight(prompt).choices().get(0), GenerationRequest.NO_DEADLINE);
  }

  /** An answer of two tokens. */
  private Settled answer(AdmittedPrompt prompt, int cachedTokens, long prefillNanos) {
    InFlight answer = new InFlight(prompt);
    ChoiceInFlight choice = answer.choices().get(0);
    choice.apply(step('A', null, cachedTokens, 10 - cachedTokens, prefillNanos), START_MS + 1);
    choice.apply(step('B', FinishReason.STOP, cachedTokens, 1, 500), START_MS + 2);
    return answers.generated(answer, answers.finished(answer, START_MS + 2), START_MS + 2);
  }

  private static GenerationUpdate step(
      int token, FinishReason end, int cachedTokens, int computedTokens, long nanos) {
    TokenOutput output = new TokenOutput(token, Float.NaN, List.of(), false);
    return new GenerationUpdate(
        "r",
        List.of(output),
        Character.toString(token),
        end,
        null,
        cachedTokens,
        computedTokens,
        nanos);
  }
}
