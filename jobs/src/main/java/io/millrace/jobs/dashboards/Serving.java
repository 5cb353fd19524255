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
                  .worthALookAbove(0.05),
              Panel.lines(
                      "Time between tokens",
                      Unit.SECONDS,
                      "Between two steps that brought an answer tokens; a step brings several where"
                          + " drafts are accepted.")
                  .withQuantiles(Selector.buckets(LlmMetric.INTER_TOKEN_LATENCY)),
              Panel.lines(
                      "Where time goes, p95",
                      Unit.SECONDS,
                      "Queue, prompt and answer of the requests that an engine ran, each on its"
                          + " own.")
                  .with(Questions.p95(LlmMetric.QUEUE_TIME), "queue")
                  .with(Questions.p95(LlmMetric.PREFILL_TIME), "prefill")
                  .with(Questions.p95(LlmMetric.DECODE_TIME), "decode"),
              Panel.lines(
                      "Tokens in a step",
                      Unit.COUNT,
                      "What the engine computes at once, prompts too. More is cheaper, up to what"
                          + " the device can.")
                  .with(value(Selector.of(LlmMetric.BATCH_SIZE)).sum("model"), "{{model}}"),
              Panel.stack("Errors per second", Unit.PER_SECOND, "By the code of the dead letter.")
                  .with(
                      rate(Selector.of(LlmMetric.REQUESTS).whereNot("error_type", ""))
                          .sum("error_type"),
                      "{{error_type}}"),
              Panel.stack("Requests per second by model", Unit.PER_SECOND, "Who answers how much.")
                  .with(rate(Selector.of(LlmMetric.REQUESTS)).sum("model"), "{{model}}"),
              Panel.lines(
                      "Trouble with remote models, per second",
                      Unit.PER_SECOND,
                      "Calls that were made again, and calls refused because there were too many."
                          + " Nothing where no model is remote.")
                  .with(rate(Selector.of(LlmMetric.RETRIES)).sum("model"), "again, {{model}}")
                  .with(
                      rate(Selector.of(LlmMetric.RATE_LIMITED)).sum("model"),
                      "too many, {{model}}")));

  private Serving() {}
}
