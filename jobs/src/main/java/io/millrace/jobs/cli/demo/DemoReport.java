package io.millrace.jobs.cli.demo;

import io.millrace.jobs.cli.events.Tally;
import io.millrace.jobs.cli.progress.Format;
import io.millrace.jobs.cli.traffic.Traffic;
import io.millrace.jobs.embedded.JobHandle.Began;
import io.millrace.schemas.Anomaly;
import io.millrace.schemas.AnomalyState;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The demo's last screen.
 *
 * @param outcome what came
 * @param prompts what was sent
 * @param seconds since the first prompt
 * @param startMs when that was, epoch milliseconds
 * @param wildMs when one tenant went wild
 * @param began when each model's only device was first held, as Flink says; none where that cannot
 *     be compared
 */
record DemoReport(
    Outcome outcome,
    long prompts,
    double seconds,
    long startMs,
    long wildMs,
    Map<String, Began> began) {
  /** How long its prompts keep the engine busy, about. */
  private static final long WILD_FOR_MS = 15_000;

  private static final int ALERTS_MAX = 20;

  private static final BigDecimal MINUTE_MS = BigDecimal.valueOf(60_000);

  List<String> lines() {
    Tally tally = outcome.tally();
    List<String> lines = new ArrayList<>();
    lines.add(line("prompts", Format.count(prompts)));
    lines.add(line("answers", Format.count(tally.answers())));
    lines.add(line("errors", Format.count(tally.errors())));
    lines.add(
        line(
            "from cache",
            Format.count(tally.hits() + tally.coalesced())
                + " duplicates  ("
                + Format.count(tally.hits())
                + " hits, "
                + Format.count(tally.coalesced())
                + " coalesced)"));
    lines.add(
        line(
            "right",
            Format.percent(outcome.right(), outcome.judged())
                + " of "
                + Format.count(outcome.judged())
                + " answers equal the expected object in every field"));
    lines.add(
        line(
            "tokens/s",
            Format.rate(tally.generatedTokens() / Math.max(1e-9, seconds))
                + "  ("
                + Format.count(tally.generatedTokens())
                + " generated in "
                + Format.duration(Math.round(seconds))
                + ")"));
    lines.add(line("cost", Format.usd(tally.costUsd(), tally.unpriced())));
    lines.add(
        line(
            "saved",
            Format.usd(tally.savedUsd(), tally.unpricedSavings())
                + "  by the answer cache, shared prefixes and drafts"));
    outcome
        .devices()
        .forEach(
            (model, times) ->
                lines.add(
                    line(
                        "device time",
                        began.containsKey(model) ? times.line(began.get(model)) : times.parts())));
    lines.add(spike());
    outcome.anomalies().stream()
        .filter(anomaly -> anomaly.getState() != AnomalyState.update)
        .limit(ALERTS_MAX)
        .map(this::alert)
        .forEach(lines::add);
    lines.add("");
    lines.add(row("tenant", "prompts", "cached", "tokens", "cost", "saved"));
    outcome
        .costs()
        .forEach(
            (tenant, costs) ->
                lines.add(
                    row(
                        tenant,
                        Format.count(costs.prompts()),
                        Format.count(costs.reused()),
                        Format.count(costs.outputTokens()),
                        Format.usd(costs.usd(), costs.unpriced()),
                        Format.usd(costs.savedUsd(), costs.unpricedSavings()))));
    return lines;
  }

  private String spike() {
    BigDecimal before = perMinute(outcome.wildUsd(startMs, wildMs), wildMs - startMs);
    BigDecimal during = perMinute(outcome.wildUsd(wildMs, wildMs + WILD_FOR_MS), WILD_FOR_MS);
    String factor =
        before.signum() == 0
            ? ""
            : "  (x "
                + Format.rate(during.divide(before, MathContext.DECIMAL32).doubleValue())
                + ")";
    return line(
        "cost spike",
        Traffic.WILD_TENANT
            + " went from "
            + Format.usd(before)
            + " to "
            + Format.usd(during)
            + " a minute"
            + factor);
  }

  private String alert(Anomaly anomaly) {
    long second = Math.floorDiv(anomaly.getWindowEnd().toEpochMilli() - startMs, 1_000);
    return line("alert", anomaly.getState() + " at " + second + "s  " + anomaly.getMessage());
  }

  private static BigDecimal perMinute(BigDecimal usd, long ms) {
    return usd.multiply(MINUTE_MS)
        .divide(BigDecimal.valueOf(Math.max(1, ms)), MathContext.DECIMAL64);
  }

  private static String line(String name, String value) {
    return String.format(Locale.ROOT, "%-12s %s", name, value);
  }

  private static String row(Object... columns) {
    return String.format(Locale.ROOT, "%-12s %9s %9s %9s %14s %14s", columns);
  }
}
