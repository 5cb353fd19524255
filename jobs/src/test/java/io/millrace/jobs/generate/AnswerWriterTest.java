package io.millrace.jobs.generate;

import static io.millrace.jobs.generate.GenerateHarness.START_MS;
import static io.millrace.jobs.generate.GenerateHarness.prompt;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.FinishReason;
import io.millrace.engine.GenerationRequest;
import io.millrace.engine.GenerationUpdate;
import io.millrace.engine.TokenOutput;
import io.millrace.jobs.cost.CatalogueException;
import io.millrace.jobs.cost.LitellmExcerpt;
import io.millrace.jobs.cost.Prices;
import io.millrace.jobs.cost.Pricing;
import io.millrace.jobs.generate.AnswerWriter.Settled;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.testing.FakeEngine;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AnswerWriterTest {
  /** 1e-12 USD a nanosecond. */
  private AnswerWriter answers =
      new AnswerWriter(
          "default",
          "fake",
          Pricing.deviceHour(new BigDecimal("3.60")).open(0),
          FakeEngine.TOKENIZER);

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
  void saysWhatDraftsSavedOrCost() {
    InFlight answer = new InFlight(prompt(0, "0123456789"));
    List<TokenOutput> tokens = List.of(new TokenOutput('A', 0, List.of(), true));
    answer
        .choices()
        .get(0)
        .apply(
            new GenerationUpdate(
                "r", tokens, "A", FinishReason.STOP, null, 0, 10, 1000, 2, 1, -300),
            START_MS + 1);
    CostEvent cost = answers.generated(answer, answers.finished(answer, START_MS), START_MS).cost();
    assertThat(cost.getSavedSpeculationUsd()).isEqualByComparingTo("-0.0000000003");
    assertThat(cost.getTotalUsd()).isEqualByComparingTo("0.000000001");
  }

  @Test
  void billsTokensWhereTheyHaveThePrice() throws Exception {
    answers = pricedAs("gpt-4o");
    CostEvent cost = answer(prompt(0, "0123456789"), 7, 1000).cost();
    // What the row counts is what it costs: 3 x 2.5e-6 + 7 x 1.25e-6, 2 x 1e-5.
    assertThat(cost.getFreshTokens()).isEqualTo(3);
    assertThat(cost.getCachedTokens()).isEqualTo(7);
    assertThat(cost.getOutputTokens()).isEqualTo(2);
    assertThat(cost.getInputUsd()).isEqualByComparingTo("0.00001625");
    assertThat(cost.getOutputUsd()).isEqualByComparingTo("0.00002");
    assertThat(cost.getTotalUsd()).isEqualByComparingTo("0.00003625");
    assertThat(cost.getSavedPrefixUsd()).isEqualByComparingTo("0.00000875");
    assertThat(cost.getDeviceNanos()).isEqualTo(1500);
    assertThat(cost.getPriceSource()).isEqualTo("catalogue:prices-excerpt.json#gpt-4o");
    assertThat(cost.getPriceVersion()).startsWith("2026-07-24T");
  }

  @Test
  void saysThatThereIsNoPriceAndNot0() throws Exception {
    answers = pricedAs("no-such-model");
    Settled settled = answer(prompt(0, "0123456789"), 7, 1000);
    CostEvent cost = settled.cost();
    assertThat(cost.getTotalUsd()).isNull();
    assertThat(cost.getInputUsd()).isNull();
    assertThat(cost.getOutputUsd()).isNull();
    assertThat(cost.getSavedPrefixUsd()).isNull();
    assertThat(cost.getPriceSource()).isEqualTo("catalogue:prices-excerpt.json#no-such-model");
    assertThat(settled.answer().response().getCostUsd()).isNull();
    assertThat(settled.answer().response().getSavedUsd()).isNull();
    AvroCodec<CostEvent> codec = new AvroCodec<>(CostEvent.class);
    assertThat(codec.decode(codec.encode(cost))).isEqualTo(cost);

    // Sharing it is free, and saves nobody knows how much.
    InFlight finished = finished(prompt(0, "0123456789"));
    Settled shared =
        answers.reused(
            prompt(1, "0123456789"),
            answers.finished(finished, START_MS + 2),
            CacheOutcome.hit,
            START_MS + 2);
    assertThat(shared.cost().getTotalUsd()).isZero();
    assertThat(shared.cost().getSavedDedupUsd()).isNull();
    assertThat(shared.answer().response().getSavedUsd()).isNull();
  }

  @Test
  void aFailureCostsWhatWasDone() throws Exception {
    answers = pricedAs("gpt-4o");
    InFlight answer = new InFlight(prompt(0, "0123456789"));
    answer.choices().get(0).apply(step('A', null, 7, 3, 1000), START_MS + 1);
    CostEvent cost =
        answers
            .failed(answer.leader(), answer, "engine_error", "broken", true, START_MS + 2)
            .cost();
    assertThat(cost.getFreshTokens()).isEqualTo(3);
    assertThat(cost.getOutputTokens()).isEqualTo(1);
    assertThat(cost.getTotalUsd()).isEqualByComparingTo("0.00002625");
    CostEvent follower =
        answers
            .failed(prompt(1, "0123456789"), null, "engine_error", "broken", true, START_MS + 2)
            .cost();
    assertThat(follower.getTotalUsd()).isZero();
    assertThat(follower.getPriceSource()).isEqualTo(cost.getPriceSource());
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

    InFlight finished = finished(leader);
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

  private static AnswerWriter pricedAs(String model) throws CatalogueException {
    Pricing pricing = Pricing.tokens(Prices.read(LitellmExcerpt.FILE, null).of(model));
    return new AnswerWriter("default", "fake", pricing.open(START_MS), FakeEngine.TOKENIZER);
  }

  private static InFlight finished(AdmittedPrompt leader) {
    InFlight finished = new InFlight(leader);
    finished.choices().get(0).apply(step('A', FinishReason.STOP, 0, 10, 1000), START_MS + 1);
    return finished;
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
