package io.millrace.jobs.dashboards;

import static io.millrace.jobs.dashboards.Expr.constant;
import static io.millrace.jobs.dashboards.Expr.rate;

import io.millrace.jobs.metrics.LlmMetric;
import java.util.List;

/** What work is spared, and how. */
final class SpeculationAndCache {
  private static final int TOP = 10;

  static final Dashboard DASHBOARD =
      new Dashboard(
          "speculation-and-cache",
          "Speculation and cache",
          "What work is spared, and how.",
          List.of(
              Panel.figure(
                  "Drafts accepted",
                  Unit.SHARE,
                  Questions.shareSoFar(LlmMetric.ACCEPTED_TOKENS, LlmMetric.DRAFT_TOKENS),
                  "Accepted of drafted tokens."),
              Panel.figure(
                  "Prefix cache",
                  Unit.SHARE,
                  Questions.shareSoFar(LlmMetric.PREFIX_HITS, LlmMetric.PREFIX_QUERIES),
                  "Tokens of prompts that were held already."),
              Panel.figure(
                  "Answers reused",
                  Unit.SHARE,
                  Questions.shareSoFar(LlmMetric.DEDUP_HITS, LlmMetric.DEDUP_LOOKUPS),
                  "Requests answered with an equal request's answer."),
              Panel.lines("Drafts accepted", Unit.SHARE, "Accepted of drafted tokens, by model.")
                  .with(
                      Questions.share(LlmMetric.ACCEPTED_TOKENS, LlmMetric.DRAFT_TOKENS, "model"),
                      "{{model}}"),
              Panel.lines(
                      "Tokens per verified draft",
                      Unit.COUNT,
                      "1 + accepted / drafts: what a pass of the model brings on average.")
                  .with(
                      constant(1)
                          .plus(
                              Questions.share(
                                  LlmMetric.ACCEPTED_TOKENS, LlmMetric.DRAFTS, "model")),
                      "{{model}}"),
              Panel.lines("Drafting", Unit.TOKENS_PER_SECOND, "Drafted, and accepted of these.")
                  .with(rate(Selector.of(LlmMetric.DRAFT_TOKENS)).sum(), "drafted")
                  .with(rate(Selector.of(LlmMetric.ACCEPTED_TOKENS)).sum(), "accepted"),
              Panel.lines("Prefix cache", Unit.SHARE, "Prompt tokens held, of those looked up.")
                  .with(
                      Questions.share(LlmMetric.PREFIX_HITS, LlmMetric.PREFIX_QUERIES, "model"),
                      "{{model}}"),
              Panel.lines(
                      "Answers reused by tenant",
                      Unit.SHARE,
                      "Tenants never see each other's answers: each has a share of its own.")
                  .with(
                      Questions.share(LlmMetric.DEDUP_HITS, LlmMetric.DEDUP_LOOKUPS, "tenant"),
                      "{{tenant}}"),
              Panel.stack(
                      "Tokens not computed, per second",
                      Unit.TOKENS_PER_SECOND,
                      "Prompt tokens from the prefix cache, and tokens that drafts brought.")
                  .with(rate(Selector.of(LlmMetric.PREFIX_HITS)).sum(), "prefix cache")
                  .with(rate(Selector.of(LlmMetric.ACCEPTED_TOKENS)).sum(), "drafts"),
              Panel.lines(
                      "Acceptance by position",
                      Unit.SHARE,
                      "Drafts whose token at this position was accepted; from 0. Falls along a"
                          + " draft.")
                  .with(
                      rate(Selector.of(LlmMetric.ACCEPTED_PER_POSITION))
                          .sum("position")
                          .dividedBy(rate(Selector.of(LlmMetric.DRAFTS)).sum().asNumber()),
                      "{{position}}"),
              Panel.bars(
                      "Answers that were reused",
                      Unit.COUNT,
                      "In the time that is shown, by tenant.")
                  .with(
                      Expr.increase(Selector.of(LlmMetric.DEDUP_HITS)).sum("tenant").top(TOP),
                      "{{tenant}}"),
              Panel.bars("What saved most", Unit.USD, "In the time that is shown.")
                  .with(Expr.increase(Selector.of(LlmMetric.SAVED)).sum("reason"), "{{reason}}")));

  private SpeculationAndCache() {}
}
