package io.millrace.jobs.cli.savings;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The stages as a table, and beside them what the article claims that this project goes back to.
 *
 * @param repeats share of the prompts that were asked before, of 1
 */
public record SavingsReport(List<StageFigures> stages, double repeats) {
  private static final long DAY_REQUESTS = 10_000;
  private static final double MEGA = 1e6;

  /** Places of the stages in the list. */
  private static final int BASELINE = 0;

  private static final int SPECULATION = 2;
  private static final int DEDUP = 3;
  private static final int PREFIX = 4;
  private static final int FOUR_BIT = 5;
  private static final int TWO_BIT = 6;

  /**
   * Something that the article says.
   *
   * @param claim in its words, shortened
   * @param measured the same of these stages
   */
  record Claim(String claim, String measured) {}

  /** For people. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "%-24s %12s %7s %9s %9s %8s %7s %8s",
            "",
            "$/1M tokens",
            "saved",
            "weights",
            "device s",
            "wall s",
            "right",
            "$/10,000"));
    StageFigures baseline = stages.get(BASELINE);
    for (StageFigures figures : stages) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%-24s %12s %6.1f%% %6.1f MB %9.2f %8.1f %6.1f%% %8.5f",
              figures.stage().name(),
              figures.usdPerMillionTokens().toPlainString(),
              100 * figures.saved(baseline),
              figures.weightBytes() / MEGA,
              figures.deviceSeconds(),
              figures.seconds(),
              100 * figures.right(),
              figures.usdPerRequests(DAY_REQUESTS)));
    }
    StageFigures best = stages.get(FOUR_BIT);
    lines.add("");
    lines.add(
        String.format(
            Locale.ROOT,
            "a day of 10,000 requests: $%.5f one at a time, $%.5f with 4-bit weights and all above",
            baseline.usdPerRequests(DAY_REQUESTS),
            best.usdPerRequests(DAY_REQUESTS)));
    lines.add(
        String.format(
            Locale.ROOT,
            "%d prompts, %.0f %% of them asked before; cost is the device time of the answers",
            baseline.requests(),
            100 * repeats));
    lines.add("");
    lines.add("the article's claims, and the same here:");
    claims().forEach(c -> lines.add(String.format("  %-56s %s", c.claim(), c.measured())));
    return lines;
  }

  /** For programs. */
  public Map<String, Object> json() {
    Map<String, Object> report = new LinkedHashMap<>();
    List<Map<String, Object>> rows = new ArrayList<>();
    for (StageFigures figures : stages) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("stage", figures.stage().name());
      row.put("requests", figures.requests());
      row.put("tokens", figures.tokens());
      row.put("usd", figures.usd().toPlainString());
      row.put("usd_per_1m_tokens", figures.usdPerMillionTokens().toPlainString());
      row.put("saved", figures.saved(stages.get(BASELINE)));
      row.put("device_seconds", figures.deviceSeconds());
      row.put("seconds", figures.seconds());
      row.put("weight_bytes", figures.weightBytes());
      row.put("right", figures.right());
      row.put("usd_per_10000_requests", figures.usdPerRequests(DAY_REQUESTS).toPlainString());
      rows.add(row);
    }
    report.put("stages", rows);
    report.put("repeats", repeats);
    report.put("claims", claims());
    return report;
  }

  private List<Claim> claims() {
    StageFigures f16 = stages.get(PREFIX);
    return List.of(
        new Claim(
            "batching and speculation: 40-60 % saved",
            percent(stages.get(SPECULATION).saved(stages.get(BASELINE))) + " saved"),
        new Claim(
            "cache: 75 % saved on repeats",
            String.format(
                Locale.ROOT,
                "%s saved by dedup in all, with %.0f %% repeats, which cost nothing; %s by both"
                    + " caches",
                percent(stages.get(DEDUP).saved(stages.get(SPECULATION))),
                100 * repeats,
                percent(f16.saved(stages.get(SPECULATION))))),
        new Claim("4-bit: memory -75 %, 2.8x, cost -65 %, loss 1-2 %", weights(FOUR_BIT, f16)),
        new Claim("2-bit: memory -87 %, 4.2x, cost -82 %, loss 3-4 %", weights(TWO_BIT, f16)));
  }

  private String weights(int stage, StageFigures f16) {
    StageFigures figures = stages.get(stage);
    return String.format(
        Locale.ROOT,
        "memory %+.0f %%, %.2fx, cost %+.0f %%, loss %.1f points",
        100.0 * figures.weightBytes() / f16.weightBytes() - 100,
        figures.timesAsFast(f16),
        -100 * figures.saved(f16),
        100 * (f16.right() - figures.right()));
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * share);
  }
}
