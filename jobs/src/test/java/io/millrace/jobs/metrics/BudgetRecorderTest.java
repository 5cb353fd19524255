package io.millrace.jobs.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BudgetRecorderTest {
  private final LlmText text = new LlmText();
  private final AtomicLong now = new AtomicLong(1_000);
  private final BudgetRecorder recorder = new BudgetRecorder(new ShownMetrics(text), 2, now::get);

  @Test
  void showsWhatIsLeftUntilThePeriodEnds() {
    recorder.books("acme", new BigDecimal("10"), new BigDecimal("2.5"), 5_000);
    assertThat(samples())
        .containsEntry("llm_budget_limit_usd{tenant=\"acme\",}", 10.0)
        .containsEntry("llm_budget_remaining_usd{tenant=\"acme\",}", 7.5);

    recorder.books("acme", new BigDecimal("10"), new BigDecimal("11"), 5_000);
    assertThat(samples()).containsEntry("llm_budget_remaining_usd{tenant=\"acme\",}", -1.0);

    now.set(5_000);
    assertThat(samples()).containsEntry("llm_budget_remaining_usd{tenant=\"acme\",}", 10.0);
  }

  @Test
  void tenantsAreCapped() {
    for (String tenant : new String[] {"a", "b", "c"}) {
      recorder.books(tenant, BigDecimal.TEN, BigDecimal.ONE, 5_000);
    }
    assertThat(samples())
        .containsOnlyKeys(
            "llm_budget_limit_usd{tenant=\"a\",}",
            "llm_budget_limit_usd{tenant=\"b\",}",
            "llm_budget_remaining_usd{tenant=\"a\",}",
            "llm_budget_remaining_usd{tenant=\"b\",}");
  }

  private Map<String, Double> samples() {
    return ShownMetrics.samples(text.scrape());
  }
}
