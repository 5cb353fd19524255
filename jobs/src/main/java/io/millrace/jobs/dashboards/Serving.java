package io.millrace.jobs.dashboards;

import static io.millrace.jobs.dashboards.Expr.rate;
import static io.millrace.jobs.dashboards.Expr.value;

import io.millrace.jobs.metrics.LlmMetric;
import java.util.List;

/** How fast answers come, and what they wait for. */
final class Serving {
  static final Dashboard DASHBOARD =
      new Dashboard(
          "serving",
          "Serving",
          "How fast answers come, and what they wait for.",
          List.of(
              Panel.lines(
                      "Time to first token",
                      Unit.SECONDS,
                      "From admission on, of requests that an engine ran.")
                  .withQuantiles(Selector.buckets(LlmMetric.TIME_TO_FIRST_TOKEN)),
              Panel.lines(
                      "Time in the queue",
                      Unit.SECONDS,
                      "From admission to the engine's first step. Grows when more comes than is"
                          + " answered.")
                  .withQuantiles(Selector.buckets(LlmMetric.QUEUE_TIME)),
              Panel.lines("Latency by tenant, p95", Unit.SECONDS, "From admission to the end.")
                  .with(Questions.p95(LlmMetric.REQUEST_LATENCY, "tenant"), "{{tenant}}"),
              Panel.lines(
                      "Sequences",
                      Unit.COUNT,
                      "Running is the size of the batch; waiting ones are the engine's queue.")
                  .with(value(Selector.of(LlmMetric.RUNNING)).sum("model"), "running, {{model}}")
                  .with(value(Selector.of(LlmMetric.WAITING)).sum("model"), "waiting, {{model}}"),
              Panel.lines(
                      "KV cache in use",
                      Unit.SHARE,
                      "Blocks that sequences hold. Near 1, sequences are preempted.")
                  .with(value(Selector.of(LlmMetric.KV_USAGE)).max("model"), "{{model}}")
                  .worthALookAbove(0.95),
              Panel.lines(
                      "Preemptions per second",
                      Unit.PER_SECOND,
                      "Sequences that gave up their KV blocks and are computed again.")
                  .with(rate(Selector.of(LlmMetric.PREEMPTIONS)).sum("model"), "{{model}}"),
              Panel.stack(
                      "Requests per second by finish reason",
                      Unit.PER_SECOND,
                      "Many of length are answers that were cut off.")
                  .with(
                      rate(Selector.of(LlmMetric.REQUESTS)).sum("finish_reason"),
                      "{{finish_reason}}"),
              Panel.lines("Requests per second by tenant", Unit.PER_SECOND, "Who asks how much.")
                  .with(rate(Selector.of(LlmMetric.REQUESTS)).sum("tenant"), "{{tenant}}"),
              Panel.lines(
                      "Not answered",
                      Unit.SHARE,
                      "Requests that failed, expired or were dead-lettered, of all.")
                  .with(
                      rate(Selector.of(LlmMetric.REQUESTS)
                              .whereMatches("status", "failed|expired|dead_lettered"))
                          .sum()
                          .dividedBy(rate(Selector.of(LlmMetric.REQUESTS)).sum()),
                      "not answered")
                  .worthALookAbove(0.05)));

  private Serving() {}
}
