package io.millrace.jobs.dashboards;

import static io.millrace.jobs.dashboards.Expr.increase;
import static io.millrace.jobs.dashboards.Expr.rate;
import static io.millrace.jobs.dashboards.Expr.value;

import io.millrace.jobs.metrics.LlmMetric;
import java.util.List;

/** Is all well, what does it cost, and what is saved. */
final class Overview {
  private static final int TOP = 5;

  static final Dashboard DASHBOARD =
      new Dashboard(
          "overview",
          "Overview",
          "Is all well, what does it cost, and what is saved.",
          List.of(
              Panel.figure(
                  "Throughput",
                  Unit.TOKENS_PER_SECOND,
                  rate(Selector.of(LlmMetric.TOKENS_OUTPUT)).sum(),
                  "Tokens generated a second, of requests that were settled."),
              Panel.figure(
                  "Requests",
                  Unit.PER_SECOND,
                  rate(Selector.of(LlmMetric.REQUESTS)).sum(),
                  "Settled, in whatever way."),
              Panel.figure(
                  "Cost per hour",
                  Unit.USD,
                  Questions.hourly(Selector.of(LlmMetric.COST)),
                  "At the rate of the last moments, idle device time included."),
              Panel.figure(
                  "Saved",
                  Unit.SHARE,
                  Questions.savedShare(),
                  "Of what the answers would have cost without shared answers, caches and"
                      + " speculation."),
              Panel.figure(
                  "Answers reused",
                  Unit.SHARE,
                  Questions.shareSoFar(LlmMetric.DEDUP_HITS, LlmMetric.DEDUP_LOOKUPS),
                  "Requests answered with an equal request's answer."),
              Panel.figure(
                  "Drafts accepted",
                  Unit.SHARE,
                  Questions.shareSoFar(LlmMetric.ACCEPTED_TOKENS, LlmMetric.DRAFT_TOKENS),
                  "Drafted tokens that the model would have chosen itself."),
              Panel.figure(
                  "Latency, p95",
                  Unit.SECONDS,
                  Questions.p95(LlmMetric.REQUEST_LATENCY),
                  "19 of 20 requests are settled within this time, from admission on."),
              Panel.figure(
                      "Open anomalies",
                      Unit.COUNT,
                      value(Selector.of(LlmMetric.ANOMALY_ACTIVE)).sum().orZero(),
                      "What is out of the ordinary now.")
                  .worthALookAbove(0),
              Panel.lines(
                      "Tokens per second",
                      Unit.TOKENS_PER_SECOND,
                      "Of settled requests. Cached ones are part of the prompts' tokens.")
                  .with(rate(Selector.of(LlmMetric.TOKENS_INPUT)).sum(), "prompts")
                  .with(rate(Selector.of(LlmMetric.TOKENS_CACHED)).sum(), "prompts, cached")
                  .with(rate(Selector.of(LlmMetric.TOKENS_OUTPUT)).sum(), "answers"),
              Panel.stack(
                      "Cost per hour",
                      Unit.USD,
                      "By tenant. Device time that no request used belongs to nobody.")
                  .with(Questions.hourly(Questions.costOfRequests(), "tenant"), "{{tenant}}")
                  .with(Questions.hourly(Questions.costOfNobody()), "idle or lost"),
              Panel.stack(
                      "Requests per second",
                      Unit.PER_SECOND,
                      "By how they were settled: generated, from the cache (hit), or together"
                          + " with an equal one (coalesced).")
                  .with(rate(Selector.of(LlmMetric.REQUESTS)).sum("status"), "{{status}}"),
              Panel.lines("Latency", Unit.SECONDS, "From admission to the end of a request.")
                  .withQuantiles(Selector.buckets(LlmMetric.REQUEST_LATENCY)),
              Panel.lines(
                      "What work is spared",
                      Unit.SHARE,
                      "Requests that share an answer, prompt tokens that a cache holds, and drafts"
                          + " that are accepted.")
                  .with(
                      Questions.share(LlmMetric.DEDUP_HITS, LlmMetric.DEDUP_LOOKUPS),
                      "answers reused")
                  .with(
                      Questions.share(LlmMetric.PREFIX_HITS, LlmMetric.PREFIX_QUERIES),
                      "prefix cache")
                  .with(
                      Questions.share(LlmMetric.ACCEPTED_TOKENS, LlmMetric.DRAFT_TOKENS),
                      "drafts accepted"),
              Panel.stack("Saved per hour", Unit.USD, "By what saved it.")
                  .with(Questions.hourly(Selector.of(LlmMetric.SAVED), "reason"), "{{reason}}"),
              Panel.timeline(
                      "Open anomalies", "What was out of the ordinary, for whom, and how long.")
                  .with(
                      value(Selector.of(LlmMetric.ANOMALY_ACTIVE)).sum("detector", "tenant"),
                      "{{detector}}, {{tenant}}"),
              Panel.bars("Who spent most", Unit.USD, "In the time that is shown.")
                  .with(increase(Questions.costOfRequests()).sum("tenant").top(TOP), "{{tenant}}"),
              Panel.lines("Sequences", Unit.COUNT, "In the engine's batch, and waiting for it.")
                  .with(value(Selector.of(LlmMetric.RUNNING)).sum(), "running")
                  .with(value(Selector.of(LlmMetric.WAITING)).sum(), "waiting")));

  private Overview() {}
}
