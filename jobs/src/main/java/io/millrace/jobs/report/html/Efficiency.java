package io.millrace.jobs.report.html;

import io.millrace.jobs.report.Report;
import io.millrace.jobs.report.Share;
import io.millrace.jobs.report.SpendingRate;
import io.millrace.jobs.report.Sums;
import io.millrace.jobs.report.format.Amounts;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Optional;

/** How well the devices and caches were used, and what that comes to if it goes on. */
final class Efficiency {
  private static final Extent WHOLE = new Extent(BigDecimal.ZERO, BigDecimal.ONE);

  private final Markup page;
  private final Sums sums;

  Efficiency(Markup page, Sums sums) {
    this.page = page;
    this.sums = sums;
  }

  /** Shares, each of a whole that is named. */
  void rates() {
    page.open("table", "class", "rates").open("tbody");
    rate(
        "Answer cache",
        sums.reusedShare(),
        Amounts.count(sums.requests().hits(), "hit")
            + " and "
            + Amounts.count(sums.requests().coalesced())
            + " coalesced of "
            + Amounts.count(sums.requests().all(), "request"),
        "c-saved");
    rate(
        "Prefix cache",
        sums.prefixShare(),
        Amounts.count(sums.tokens().cached())
            + " of "
            + Amounts.count(sums.tokens().prompt())
            + " tokens of prompts",
        "c-saved");
    rate(
        "Drafts accepted",
        sums.acceptedShare(),
        Amounts.count(sums.tokens().accepted())
            + " of "
            + Amounts.count(sums.tokens().drafted())
            + " drafted tokens",
        "c-saved");
    rate(
        "Devices idle",
        sums.idleShare(),
        time(sums.time().idle()) + " of " + time(sums.time().all()) + " of device time",
        "c-idle");
    rate(
        "Lost to failures",
        sums.recoveryShare(),
        time(sums.time().recovery()) + " of device time",
        "c-recovery");
    page.close().close();
  }

  private static String time(long nanos) {
    return Amounts.time(Duration.ofNanos(nanos));
  }

  private void rate(String name, Share share, String remark, String color) {
    page.open("tr").open("th", "scope", "row").text(name).element("small", remark).close();
    page.open("td", "class", "chart");
    Bars.bar(page, WHOLE, share.fraction().orElse(BigDecimal.ZERO), color);
    page.close();
    page.element("td", Amounts.percent(share), "class", "number").close();
  }

  /** What more of the same would cost. */
  void projections(Report report) {
    BigDecimal day = BigDecimal.valueOf(Report.DAY_REQUESTS);
    page.open("table").open("thead").open("tr");
    page.element("th", "if it goes on like this", "scope", "col");
    page.element("th", "cost", "scope", "col", "class", "number");
    page.element("th", "without savings", "scope", "col", "class", "number");
    page.close().close().open("tbody");
    projection(
        "A day of " + Amounts.count(Report.DAY_REQUESTS) + " requests",
        "answers alone, at the average of " + Amounts.count(sums.requests().priced(), "request"),
        sums.perRequest().map(day::multiply),
        sums.perRequestWithoutSavings().map(day::multiply));
    Optional<SpendingRate> rate = report.rate();
    if (rate.isPresent()) {
      String window = Amounts.time(rate.get().window());
      String remark = "with idle time, at the rate of the latest " + window;
      projection(
          "A day",
          remark + ": " + Amounts.count(rate.get().requestsIn(SpendingRate.DAY), "request"),
          rate.map(lately -> lately.usdIn(SpendingRate.DAY)),
          Optional.empty());
      projection(
          "30 days",
          remark + ": " + Amounts.count(rate.get().requestsIn(SpendingRate.MONTH), "request"),
          rate.map(lately -> lately.usdIn(SpendingRate.MONTH)),
          Optional.empty());
    }
    page.close().close();
  }

  private void projection(
      String what, String remark, Optional<BigDecimal> usd, Optional<BigDecimal> without) {
    page.open("tr").open("th", "scope", "row").text(what).element("small", remark).close();
    page.element("td", Amounts.usd(usd), "class", "number");
    page.element("td", Amounts.usd(without), "class", "number").close();
  }
}
