package io.millrace.jobs.dashboards;

import static io.millrace.jobs.dashboards.Expr.increase;

import io.millrace.jobs.metrics.LlmMetric;
import java.util.List;

/** Who spends how much on what, and what is saved. */
final class Spending {
  private static final int TOP = 10;
  private static final double THOUSAND = 1000;

  static final Dashboard DASHBOARD =
      new Dashboard(
          "cost",
          "Cost",
          "Who spends how much on what, and what is saved. The ledger is the truth.",
          List.of(
              Panel.figure(
                  "Cost so far",
                  Unit.USD,
                  increase(Selector.of(LlmMetric.COST)).sum(),
                  "In the time that is shown, idle device time included."),
              Panel.figure(
                  "Saved so far",
                  Unit.USD,
                  increase(Selector.of(LlmMetric.SAVED)).sum(),
                  "By shared answers, caches, speculation and cheaper tiers."),
              Panel.figure(
                  "Per 1000 tokens",
                  Unit.USD,
                  increase(Questions.costOfRequests())
                      .sum()
                      .dividedBy(
                          increase(Selector.of(LlmMetric.TOKENS_INPUT))
                              .sum()
                              .plus(increase(Selector.of(LlmMetric.TOKENS_OUTPUT)).sum()))
                      .times(THOUSAND),
                  "Cost of requests by their tokens, in and out, cached ones too."),
              Panel.stack("Cost per hour by tenant", Unit.USD, "At the rate of the last moments.")
                  .with(Questions.hourly(Questions.costOfRequests(), "tenant"), "{{tenant}}")
                  .with(Questions.hourly(Questions.costOfNobody()), "idle or lost"),
              Panel.stack("Cost per hour by model", Unit.USD, "Idle device time included.")
                  .with(Questions.hourly(Selector.of(LlmMetric.COST), "model"), "{{model}}"),
              Panel.bars("Who spent most", Unit.USD, "In the time that is shown.")
                  .with(increase(Questions.costOfRequests()).sum("tenant").top(TOP), "{{tenant}}"),
              Panel.bars("What saved most", Unit.USD, "In the time that is shown.")
                  .with(increase(Selector.of(LlmMetric.SAVED)).sum("reason"), "{{reason}}"),
              Panel.stack("Saved per hour", Unit.USD, "By what saved it.")
                  .with(Questions.hourly(Selector.of(LlmMetric.SAVED), "reason"), "{{reason}}"),
              Panel.lines(
                      "Cost of 1000 tokens by model",
                      Unit.USD,
                      "Of requests, tokens in and out; rises when the device is badly used.")
                  .with(
                      Expr.rate(Questions.costOfRequests())
                          .sum("model")
                          .dividedBy(
                              Expr.rate(Selector.of(LlmMetric.TOKENS_INPUT))
                                  .sum("model")
                                  .plus(
                                      Expr.rate(Selector.of(LlmMetric.TOKENS_OUTPUT)).sum("model")))
                          .times(THOUSAND),
                      "{{model}}"),
              Panel.bars(
                      "Budget left",
                      Unit.SHARE,
                      "Of what a tenant may spend in its period. Tenants without a budget are not"
                          + " shown.")
                  .with(
                      Expr.value(Selector.of(LlmMetric.BUDGET_REMAINING))
                          .max("tenant")
                          .dividedBy(Expr.value(Selector.of(LlmMetric.BUDGET_LIMIT)).max("tenant")),
                      "{{tenant}}"),
              Panel.lines("Budget left, USD", Unit.USD, "In the current period.")
                  .with(
                      Expr.value(Selector.of(LlmMetric.BUDGET_REMAINING)).max("tenant"),
                      "{{tenant}}"),
              Panel.lines(
                      "Budget lasts for",
                      Unit.HOURS,
                      "Until it is spent, if the tenant goes on as in the last moments.")
                  .with(
                      Expr.value(Selector.of(LlmMetric.BUDGET_REMAINING))
                          .max("tenant")
                          .dividedBy(Questions.hourly(Questions.costOfRequests(), "tenant")),
                      "{{tenant}}")));

  private Spending() {}
}
