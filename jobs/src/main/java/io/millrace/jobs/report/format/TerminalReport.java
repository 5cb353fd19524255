package io.millrace.jobs.report.format;

import io.millrace.jobs.report.Group;
import io.millrace.jobs.report.Period;
import io.millrace.jobs.report.PriceUsed;
import io.millrace.jobs.report.Ranking;
import io.millrace.jobs.report.Report;
import io.millrace.jobs.report.ReportFilter;
import io.millrace.jobs.report.Savings;
import io.millrace.jobs.report.SpendingRate;
import io.millrace.jobs.report.Sums;
import io.millrace.jobs.report.TimeSlice;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A report as a terminal shows it. */
public final class TerminalReport {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final int NAME_WIDTH = 24;
  private static final int SLICES_SHOWN = 40;
  private static final int PRICES_SHOWN = 8;

  private final Report report;
  private final int top;
  private final List<String> lines = new ArrayList<>();

  private TerminalReport(Report report, int top) {
    this.report = report;
    this.top = top;
  }

  /**
   * The lines of it.
   *
   * @param top how many tenants and models are told one by one
   */
  public static List<String> lines(Report report, int top) {
    return new TerminalReport(report, top).write();
  }

  private List<String> write() {
    Optional<Period> period = report.period();
    if (period.isEmpty()) {
      return List.of("No costs in " + report.source() + filtered(report.filter()) + ".");
    }
    heading(period.get());
    total(report.total());
    savings(report.total());
    groups("tenant", report.tenants());
    groups("model", report.models());
    unitPrices();
    slices(period.get());
    projections();
    prices();
    return lines;
  }

  private void heading(Period period) {
    lines.add(
        "Costs from "
            + time(period.from())
            + " to "
            + time(period.to())
            + " UTC ("
            + Amounts.time(period.length())
            + ")"
            + filtered(report.filter()));
    lines.add("");
  }

  /** What was left out, in words; begins with a comma. */
  static String filtered(ReportFilter filter) {
    StringBuilder words = new StringBuilder();
    if (filter.from() != null) {
      words.append(", from ").append(filter.from());
    }
    if (filter.to() != null) {
      words.append(", to ").append(filter.to());
    }
    if (filter.tenant() != null) {
      words.append(", of tenant ").append(Names.shown(filter.tenant(), Names.SHOWN_MAX));
    }
    if (filter.model() != null) {
      words.append(", of model ").append(Names.shown(filter.model(), Names.SHOWN_MAX));
    }
    return words.toString();
  }

  private void total(Sums sums) {
    line("cost", Amounts.usd(sums.costs()));
    line("  answers", Amounts.part(sums.costs().answers(), sums.costs()));
    if (sums.time().all() > 0 || sums.costs().idle().signum() != 0) {
      line(
          "  idle",
          Amounts.usd(sums.costs().idle())
              + "  ("
              + Amounts.percent(sums.idleShare())
              + " of the device time)");
      line(
          "  recovery",
          Amounts.usd(sums.costs().recovery())
              + "  ("
              + Amounts.percent(sums.recoveryShare())
              + " of the device time)");
    }
    if (sums.costs().other().signum() != 0) {
      line("  other", Amounts.usd(sums.costs().other()) + "  of kinds newer than this program");
    }
    line(
        "requests",
        Amounts.count(sums.requests().all())
            + "  ("
            + Amounts.count(sums.requests().failed())
            + " failed, "
            + Amounts.count(sums.requests().unpriced())
            + " unpriced)");
    line("per request", Amounts.usd(sums.perRequest()));
    line(
        "per 1M tokens",
        Amounts.usd(sums.perMillionTokens())
            + "  ("
            + Amounts.usd(sums.perMillionTokensAllIn())
            + " with idle and recovery)");
    line(
        "answer cache",
        Amounts.percent(sums.reusedShare())
            + " of the requests  ("
            + Amounts.count(sums.requests().hits())
            + " hits, "
            + Amounts.count(sums.requests().coalesced())
            + " coalesced)");
    line("prefix cache", Amounts.percent(sums.prefixShare()) + " of the prompts' tokens");
    line("drafts", Amounts.percent(sums.acceptedShare()) + " accepted");
    lines.add("");
  }

  private void savings(Sums sums) {
    Savings saved = sums.saved();
    line("without savings", Amounts.usd(sums.withoutSavings()));
    saving("answers reused", saved.dedup());
    saving("prefix cache", saved.prefix());
    saving("speculation", saved.speculation());
    saving("tier", saved.batch());
    line(
        "saved",
        Amounts.usd(saved) + "  (" + Amounts.percent(sums.savedShare()) + " of the answers)");
    lines.add("");
  }

  private void saving(String reason, BigDecimal usd) {
    String remark = usd.signum() < 0 ? "  (cost more)" : "";
    line("  " + reason, Amounts.usd(usd.negate()) + remark);
  }

  private void groups(String what, Ranking all) {
    Ranking ranking = all.top(top);
    if (ranking.size() == 0) {
      return;
    }
    lines.add(row(what, "requests", "reused", "tokens", "cost", "saved"));
    for (Group group : ranking.groups()) {
      lines.add(row(Names.shown(group.name(), NAME_WIDTH), group.sums()));
    }
    ranking
        .restOf()
        .ifPresent(rest -> lines.add(row(Amounts.count(ranking.others()) + " others", rest)));
    lines.add("");
  }

  private void unitPrices() {
    lines.add(row("USD per 1M tokens", "input", "output", "both", "with idle", ""));
    for (Group group : report.models().top(top).groups()) {
      lines.add(
          row(
              Names.shown(group.name(), NAME_WIDTH),
              Amounts.usd(group.sums().perMillionPromptTokens()),
              Amounts.usd(group.sums().perMillionOutputTokens()),
              Amounts.usd(group.sums().perMillionTokens()),
              Amounts.usd(group.sums().perMillionTokensAllIn()),
              ""));
    }
    lines.add("");
  }

  private void slices(Period period) {
    List<TimeSlice> slices = report.slices();
    int hidden = Math.max(0, slices.size() - SLICES_SHOWN);
    lines.add(row(period.slices().label(), "requests", "reused", "tokens", "cost", "saved"));
    if (hidden > 0) {
      lines.add("... " + Amounts.count(hidden) + " earlier ones");
    }
    for (TimeSlice slice : slices.subList(hidden, slices.size())) {
      lines.add(row(time(slice.start()), slice.sums()));
    }
    lines.add("");
  }

  private void projections() {
    Sums sums = report.total();
    if (sums.perRequest().isPresent()) {
      BigDecimal day = BigDecimal.valueOf(Report.DAY_REQUESTS);
      line(
          "a day at " + Amounts.count(Report.DAY_REQUESTS) + " requests",
          Amounts.usd(sums.perRequest().map(day::multiply))
              + "  ("
              + Amounts.usd(sums.perRequestWithoutSavings().map(day::multiply))
              + " without the savings; idle time not counted)");
    }
    report
        .rate()
        .ifPresent(
            rate ->
                line(
                    "at the rate of " + Amounts.time(rate.window()),
                    Amounts.usd(rate.usdIn(SpendingRate.DAY))
                        + " a day, "
                        + Amounts.usd(rate.usdIn(SpendingRate.MONTH))
                        + " in 30 days"));
    lines.add("");
  }

  private void prices() {
    for (PriceUsed price : report.prices().stream().limit(PRICES_SHOWN).toList()) {
      lines.add(
          "price of "
              + Names.shown(price.model(), NAME_WIDTH)
              + ": "
              + Names.shown(price.source(), Names.SHOWN_MAX)
              + (price.version() == null
                  ? ""
                  : ", " + Names.shown(price.version(), Names.SHOWN_MAX))
              + (price.tier() == null ? "" : ", tier " + Names.shown(price.tier(), NAME_WIDTH))
              + "  ("
              + Amounts.count(price.rows(), "row")
              + (price.unpriced() == 0 ? "" : ", " + Amounts.count(price.unpriced()) + " unpriced")
              + ")");
    }
    lines.add("from " + report.source());
  }

  private static String time(Instant time) {
    return TIME.format(time);
  }

  private void line(String name, String value) {
    lines.add(String.format(Locale.ROOT, "%-26s %s", name, value));
  }

  private static String row(String name, Sums sums) {
    return row(
        name,
        Amounts.count(sums.requests().all()),
        Amounts.count(sums.requests().reused()),
        Amounts.count(sums.tokens().prompt() + sums.tokens().output()),
        Amounts.usd(sums.costs()),
        Amounts.usd(sums.saved()));
  }

  private static String row(Object... columns) {
    return String.format(Locale.ROOT, "%-24s %10s %10s %14s  %14s  %14s", columns).stripTrailing();
  }
}
