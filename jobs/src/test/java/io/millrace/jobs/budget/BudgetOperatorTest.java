package io.millrace.jobs.budget;

import static io.millrace.jobs.budget.BudgetHarness.START_MS;
import static io.millrace.jobs.budget.BudgetHarness.prompt;
import static io.millrace.jobs.budget.BudgetHarness.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.millrace.jobs.budget.Budget.Over;
import io.millrace.jobs.cost.PriceTier;
import io.millrace.jobs.cost.Prices;
import io.millrace.jobs.kafka.DeadLetter;
import io.millrace.jobs.state.AdmittedPrompt;
import io.millrace.jobs.testing.OtlpReceiver;
import io.millrace.jobs.trace.TraceSpec;
import io.millrace.schemas.CostEvent;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.junit.jupiter.api.Test;

class BudgetOperatorTest {
  private static final long NEXT_HOUR_MS = START_MS + Duration.ofMinutes(30).toMillis();
  private static final long NEXT_DAY_MS = START_MS + Duration.ofHours(12).toMillis() - 1_800_000;

  @Test
  void letsThroughWhatCanBePaidForAndTheRestWhenReservationsComeBack() throws Exception {
    try (BudgetHarness harness = daily("1.00", Over.DEFER).open()) {
      AdmittedPrompt first = prompt(0, 60);
      AdmittedPrompt second = prompt(1, 40);
      AdmittedPrompt third = prompt(2, 50);
      harness.send(first, second, third);
      assertThat(harness.passed()).as("60 + 40 cents are the whole dollar").containsExactly(0L, 1L);

      harness.settle(row(first, "10"));
      assertThat(harness.passed()).as("10 spent, 40 reserved, 50 free").containsExactly(2L);
      harness.settle(row(second, "0"), row(third, "50"));
      harness.send(prompt(3, 41));
      assertThat(harness.passed()).isEmpty();
      harness.send(prompt("globex", 4, 100));
      assertThat(harness.passed()).as("another tenant's money").containsExactly(4L);
      assertThat(harness.rejected()).isEmpty();
    }
  }

  @Test
  void letsNothingOvertakeTheFirstThatWaits() throws Exception {
    try (BudgetHarness harness = daily("1.00", Over.DEFER).open()) {
      AdmittedPrompt running = prompt(0, 90);
      harness.send(running, prompt(1, 50), prompt(2, 1), prompt(3, 49));
      assertThat(harness.passed()).containsExactly(0L);
      harness.settle(row(running, "0"));
      assertThat(harness.passed()).containsExactly(1L, 2L, 3L);
    }
  }

  @Test
  void beginsAnewWithThePeriod() throws Exception {
    try (BudgetHarness harness = daily("1.00", Over.DEFER).open()) {
      AdmittedPrompt first = prompt(0, 100);
      harness.send(first);
      harness.settle(row(first, "80"));
      AdmittedPrompt running = prompt(1, 20);
      harness.send(running, prompt(2, 90), prompt(3, 10));
      assertThat(harness.passed()).containsExactly(0L, 1L);

      harness.flink.setProcessingTime(NEXT_DAY_MS - 1);
      assertThat(harness.passed()).isEmpty();
      harness.flink.setProcessingTime(NEXT_DAY_MS);
      assertThat(harness.passed()).as("20 cents are still reserved").isEmpty();
      harness.settle(row(running, "15", NEXT_DAY_MS - 1));
      assertThat(harness.passed()).as("they were yesterday's").containsExactly(2L, 3L);
    }
  }

  @Test
  void countsARowInThePeriodOfItsTimeAndOneOfTheFutureNow() throws Exception {
    try (BudgetHarness harness = daily("1.00", Over.REJECT).open()) {
      AdmittedPrompt any = prompt("acme", 1000, 2);
      harness.settle(row(any, "99", START_MS - Duration.ofDays(1).toMillis()));
      AdmittedPrompt all = prompt(0, 100);
      harness.send(all);
      assertThat(harness.passed()).containsExactly(0L);
      harness.settle(row(all, "40"), row(any, "50", START_MS + Duration.ofDays(9999).toMillis()));
      harness.send(prompt(1, 11));
      assertThat(harness.rejected()).hasSize(1);
      harness.send(prompt(2, 10));
      assertThat(harness.passed()).containsExactly(2L);
    }
  }

  @Test
  void refusesWithAReasonWhereTheBudgetSaysSo() throws Exception {
    try (BudgetHarness harness = daily("1.00", Over.REJECT).open()) {
      AdmittedPrompt first = prompt(0, 60);
      harness.send(first, prompt(1, 30));
      harness.settle(row(first, "25.5"));
      harness.send(prompt(2, 45), prompt(3, 101));
      assertThat(harness.passed()).containsExactly(0L, 1L);
      assertThat(harness.rejected())
          .extracting(
              DeadLetter::offset,
              DeadLetter::stage,
              DeadLetter::code,
              DeadLetter::retryable,
              DeadLetter::message)
          .containsExactly(
              tuple(
                  2L,
                  "budget",
                  "budget_exceeded",
                  true,
                  "tenant acme may spend 1 USD a day: 0.255 are spent, 0.3 reserved, and this"
                      + " prompt can cost 0.45"),
              tuple(
                  3L,
                  "budget",
                  "budget_exceeded",
                  false,
                  "tenant acme may spend 1 USD a day: 0.255 are spent, 0.3 reserved, and this"
                      + " prompt can cost 1.01"));
      assertThat(harness.rejected().get(0).value()).containsExactly(1, 2, 3);
    }
  }

  /** Of a budget once and for all, what is spent never comes back. */
  @Test
  void keepsNothingWaitingThatCanNeverBePaidFor() throws Exception {
    Budgets once = acme("1.00", Period.TOTAL, Over.DEFER);
    try (BudgetHarness harness = new BudgetHarness(once).open()) {
      AdmittedPrompt first = prompt(0, 90);
      harness.send(first, prompt(1, 60), prompt(2, 30));
      assertThat(harness.passed()).containsExactly(0L);
      harness.settle(row(first, "50"));
      assertThat(harness.rejected())
          .extracting(DeadLetter::offset, DeadLetter::retryable)
          .containsExactly(tuple(1L, false));
      assertThat(harness.passed()).containsExactly(2L);
      harness.flink.setProcessingTime(START_MS + Duration.ofDays(800).toMillis());
      harness.send(prompt(3, 51));
      assertThat(harness.rejected()).hasSize(2);
    }
  }

  @Test
  void whatItRefusesIsTraced() throws Exception {
    Budgets budgets = acme("1.00", Period.DAY, Over.REJECT);
    CostBound bound = CostBound.ceiling(new BigDecimal("0.01"));
    Duration max = Duration.ofMinutes(1);
    try (OtlpReceiver receiver = OtlpReceiver.start()) {
      var exporter = new TraceSpec.Exporter("test", receiver.endpoint(), null, null);
      TraceSpec trace = new TraceSpec(List.of(exporter), 1, null, 1, 10, max, max);
      try (BudgetHarness harness = new BudgetHarness(budgets, 2, 1 << 20, bound, trace).open()) {
        harness.send(prompt(0, 100), prompt(1, 9));
        assertThat(harness.rejected()).hasSize(1);
      }
      assertThat(receiver.spans).hasSize(1);
      assertThat(OtlpReceiver.attributes(receiver.spans.get(0)))
          .containsEntry("millrace.stage", "budget")
          .containsEntry("millrace.retryable", "true")
          .containsEntry("messaging.kafka.offset", "1")
          .containsKey("error.type");
    }
  }

  @Test
  void letsWaitOnlySoManyAndSoMuch() throws Exception {
    Budgets budgets = acme("1.00", Period.DAY, Over.DEFER);
    CostBound bound = CostBound.ceiling(new BigDecimal("0.01"));
    try (BudgetHarness harness = new BudgetHarness(budgets, 2, 1 << 20, bound).open()) {
      harness.send(prompt(0, 100), prompt(1, 9), prompt(2, 9), prompt(3, 9));
      assertThat(harness.rejected())
          .extracting(DeadLetter::offset, DeadLetter::retryable, DeadLetter::message)
          .containsExactly(
              tuple(
                  3L,
                  true,
                  "tenant acme has spent or reserved its budget, and 2 prompts of 14 bytes wait"
                      + " already"));
    }
    try (BudgetHarness harness = new BudgetHarness(budgets, 100, 20, bound).open()) {
      harness.send(prompt(0, 100), prompt(1, 9), prompt(2, 9), prompt(3, 9));
      assertThat(harness.rejected()).extracting(DeadLetter::offset).containsExactly(3L);
    }
  }

  @Test
  void sendsOnWhatNobodyWaitsForAnyMore() throws Exception {
    try (BudgetHarness harness = daily("1.00", Over.DEFER).open()) {
      AdmittedPrompt running = prompt(0, 100);
      AdmittedPrompt second = until(prompt(2, 10), START_MS + 5_500);
      harness.send(running, prompt(1, 10), second, prompt(3, 10));
      harness.send(until(prompt(4, 10), START_MS));
      assertThat(harness.passed()).as("4 was late already").containsExactly(0L, 4L);
      harness.flink.setProcessingTime(START_MS + 6_000);
      assertThat(harness.passed()).containsExactly(2L);
      assertThat(harness.allPassed().get(2).getDeadlineMs())
          .as("expired by any clock: nothing is reserved for it")
          .isZero();
      harness.settle(row(second, "0"), row(running, "100"));
      assertThat(harness.passed()).isEmpty();
      harness.flink.setProcessingTime(NEXT_DAY_MS);
      assertThat(harness.passed()).containsExactly(1L, 3L);
    }
  }

  @Test
  void refusesModelsWithoutAPriceOnlyWhereThereIsABudget() throws Exception {
    CostBound unknown =
        CostBound.tokens(Prices.read(null, null).of("no-such-model"), PriceTier.STANDARD);
    Budgets budgets = acme("1.00", Period.DAY, Over.DEFER);
    try (BudgetHarness harness = new BudgetHarness(budgets, 10, 1 << 20, unknown).open()) {
      harness.send(prompt(0, 10), prompt("free", 1, 10));
      assertThat(harness.passed()).containsExactly(1L);
      assertThat(harness.rejected())
          .extracting(DeadLetter::code, DeadLetter::retryable, DeadLetter::message)
          .containsExactly(
              tuple(
                  "budget_unpriced",
                  false,
                  "tenant acme has a budget, and no price is known for model default"));
    }
  }

  @Test
  void takesWhatNobodyKnowsForTheMostThatItCanBe() throws Exception {
    try (BudgetHarness harness = daily("1.00", Over.REJECT).open()) {
      AdmittedPrompt first = prompt(0, 70);
      harness.send(first);
      harness.settle(row(first, null));
      harness.send(prompt(1, 31));
      assertThat(harness.rejected().get(0).message()).contains("0.7 are spent, 0 reserved");
    }
  }

  /** A remote model's attempts that are paid for, and come to nothing. */
  @Test
  void turnsAReservationIntoSpendingAttemptByAttempt() throws Exception {
    try (BudgetHarness harness = daily("1.00", Over.REJECT).open()) {
      AdmittedPrompt first = prompt(0, 70);
      harness.send(first);
      CostEvent attempt = row(first, "20");
      attempt.setIsFinal(false);
      harness.settle(attempt);
      harness.send(prompt(1, 31));
      assertThat(harness.rejected().get(0).message()).contains("0.2 are spent, 0.5 reserved");
      harness.settle(row(first, "10"));
      harness.send(prompt(2, 71));
      assertThat(harness.rejected().get(1).message()).contains("0.3 are spent, 0 reserved");
    }
  }

  @Test
  void goesOnFromACheckpoint() throws Exception {
    AdmittedPrompt first = prompt(0, 60);
    OperatorSubtaskState checkpoint;
    try (BudgetHarness harness = daily("1.00", Over.DEFER).open()) {
      AdmittedPrompt spent = prompt(9, 30);
      harness.send(spent);
      harness.settle(row(spent, "30"));
      harness.send(first, prompt(1, 50), until(prompt(2, 10), START_MS + 100_000), prompt(3, 10));
      checkpoint = harness.snapshot();
      harness.settle(row(first, "1"));
    }
    try (BudgetHarness harness = daily("1.00", Over.DEFER).restore(checkpoint)) {
      harness.flink.setProcessingTime(START_MS + 1);
      assertThat(harness.passed()).isEmpty();
      harness.settle(row(first, "20"));
      assertThat(harness.passed()).as("50 spent").containsExactly(1L);
      harness.flink.setProcessingTime(START_MS + 101_000);
      assertThat(harness.passed()).as("its deadline's timer was kept").containsExactly(2L);
      harness.flink.setProcessingTime(NEXT_DAY_MS);
      assertThat(harness.passed()).as("and the period's").containsExactly(3L);
    }
  }

  @Test
  void goesByTheBudgetsOfTheRestart() throws Exception {
    OperatorSubtaskState checkpoint;
    try (BudgetHarness harness = daily("1.00", Over.DEFER).open()) {
      AdmittedPrompt spent = prompt(0, 90);
      harness.send(spent);
      harness.settle(row(spent, "90"));
      harness.send(prompt(1, 20), prompt(2, 20));
      checkpoint = harness.snapshot();
    }
    // More money: one of them can be paid for at once.
    try (BudgetHarness harness = daily("1.25", Over.DEFER).restore(checkpoint)) {
      harness.flink.setProcessingTime(START_MS + 1);
      assertThat(harness.passed()).containsExactly(1L);
    }
    // No budget any more: nothing waits.
    try (BudgetHarness harness =
        new BudgetHarness(new Budgets(null, Map.of())).restore(checkpoint)) {
      harness.flink.setProcessingTime(START_MS + 1);
      assertThat(harness.passed()).containsExactly(1L, 2L);
    }
    // By the month: what was spent today was spent this month.
    Budgets monthly = acme("2.00", Period.MONTH, Over.REJECT);
    try (BudgetHarness harness = new BudgetHarness(monthly).restore(checkpoint)) {
      harness.flink.setProcessingTime(NEXT_HOUR_MS);
      assertThat(harness.passed()).containsExactly(1L, 2L);
      harness.send(prompt(3, 71));
      assertThat(harness.rejected().get(0).message())
          .startsWith("tenant acme may spend 2 USD a month: 0.9 are spent, 0.4 reserved");
    }
  }

  /** A budget that comes later knows what was spent before it. */
  @Test
  void countsTheSpendingOfTenantsWithoutABudget() throws Exception {
    OperatorSubtaskState checkpoint;
    try (BudgetHarness harness = new BudgetHarness(new Budgets(null, Map.of())).open()) {
      AdmittedPrompt first = prompt(0, 90);
      harness.send(first);
      assertThat(harness.passed()).containsExactly(0L);
      harness.settle(row(first, "90"));
      checkpoint = harness.snapshot();
    }
    try (BudgetHarness harness = daily("1.00", Over.REJECT).restore(checkpoint)) {
      harness.send(prompt(1, 11));
      assertThat(harness.rejected()).hasSize(1);
    }
  }

  @Test
  void keepsManyWaitingInOrderAcrossCheckpoints() throws Exception {
    int prompts = BudgetHarness.DEFERRED_MAX;
    AdmittedPrompt running = prompt(1000, 100);
    OperatorSubtaskState checkpoint;
    try (BudgetHarness harness = daily("1.00", Over.DEFER).open()) {
      harness.send(running);
      for (int i = 0; i < prompts; i++) {
        harness.send(prompt(i, 10));
      }
      harness.settle(row(running, "25"));
      assertThat(harness.passed()).containsExactly(1000L, 0L, 1L, 2L, 3L, 4L, 5L, 6L);
      checkpoint = harness.snapshot();
    }
    try (BudgetHarness harness = daily("1.00", Over.DEFER).restore(checkpoint)) {
      for (int i = 0; i < prompts - 7; i++) {
        harness.settle(row(prompt(i, 10), "0"));
        if (i == 50) {
          harness.snapshot();
        }
      }
      assertThat(harness.passed())
          .containsExactlyElementsOf(LongStream.range(7, prompts).boxed().toList());
    }
  }

  private static BudgetHarness daily(String limit, Over over) throws Exception {
    return new BudgetHarness(
        new Budgets(
            null,
            Map.of(
                "acme", new Budget(new BigDecimal(limit), Period.DAY, over),
                "globex", new Budget(BigDecimal.ONE, Period.DAY, over))));
  }

  private static Budgets acme(String limit, Period period, Over over) {
    return new Budgets(null, Map.of("acme", new Budget(new BigDecimal(limit), period, over)));
  }

  private static AdmittedPrompt until(AdmittedPrompt prompt, long deadlineMs) {
    prompt.setDeadlineMs(deadlineMs);
    return prompt;
  }
}
