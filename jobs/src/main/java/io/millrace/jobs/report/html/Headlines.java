package io.millrace.jobs.report.html;

import io.millrace.jobs.report.Costs;
import io.millrace.jobs.report.Report;
import io.millrace.jobs.report.Sums;
import io.millrace.jobs.report.format.Amounts;
import java.math.BigDecimal;

/** The top of the page: a sentence, six figures, and what they leave out. */
final class Headlines {
  private final Markup page;
  private final Report report;
  private final Sums sums;

  Headlines(Markup page, Report report) {
    this.page = page;
    this.report = report;
    this.sums = report.total();
  }

  void write() {
    page.element("p", sentence(), "class", "lead");
    page.open("section", "class", "cards", "aria-label", "Headline figures");
    card("Total cost", Amounts.usd(sums.costs()), exact(sums.costs().total()), composition());
    card(
        "Saved",
        Amounts.usd(sums.saved()),
        exact(sums.saved().all()),
        Amounts.percent(sums.savedShare()) + " of what the answers would have cost");
    card(
        "Per request",
        Amounts.usd(sums.perRequest()),
        sums.perRequest().map(Headlines::exact).orElse(""),
        Amounts.usd(sums.perRequestWithoutSavings()) + " without the savings");
    card(
        "Per 1M tokens",
        Amounts.usd(sums.perMillionTokens()),
        sums.perMillionTokens().map(Headlines::exact).orElse(""),
        Amounts.usd(sums.perMillionTokensAllIn()) + " with idle time");
    card(
        "Answers reused",
        Amounts.percent(sums.reusedShare()),
        "",
        Amounts.count(sums.requests().reused())
            + " of "
            + Amounts.count(sums.requests().all(), "request"));
    card(
        "Idle device time",
        Amounts.percent(sums.idleShare()),
        "",
        sums.time().all() == 0 ? "no device time of our own" : idle() + " paid for it");
    page.close();
    unpriced();
  }

  private String sentence() {
    String cost =
        Amounts.count(sums.requests().all(), "request")
            + " by "
            + Amounts.count(report.tenants().size(), "tenant")
            + sums.costs()
                .known(sums.costs().answers())
                .map(usd -> " cost " + Amounts.usd(usd) + ". ")
                .orElse(". What they cost is not known: they have no price.");
    if (sums.saved().all().signum() <= 0 || sums.withoutSavings().signum() <= 0) {
      return cost;
    }
    return cost
        + "Without shared answers, caches, speculation and cheaper tiers they would have cost "
        + Amounts.usd(sums.withoutSavings())
        + ": "
        + Amounts.percent(sums.savedShare())
        + " was saved.";
  }

  private String idle() {
    Costs costs = sums.costs();
    return sums.time().idle() == 0 ? Amounts.usd(costs.idle()) : Amounts.part(costs.idle(), costs);
  }

  private String composition() {
    Costs costs = sums.costs();
    BigDecimal device = costs.idle().add(costs.recovery()).add(costs.other());
    if (costs.known(costs.total()).isEmpty()) {
      return "nothing of it has a known price";
    }
    return device.signum() == 0
        ? "all of it for answers"
        : Amounts.part(costs.answers(), costs)
            + " for answers, "
            + Amounts.usd(device)
            + " idle or lost";
  }

  private static String exact(BigDecimal amount) {
    return "exactly " + Amounts.exact(amount) + " USD";
  }

  private void card(String name, String figure, String title, String remark) {
    page.open("div", "class", "card");
    page.element("h2", name);
    int more = figure.indexOf(" + ");
    page.open("p", "class", "figure", "title", title);
    page.text(more < 0 ? figure : figure.substring(0, more));
    if (more >= 0) {
      page.element("small", figure.substring(more));
    }
    page.close();
    page.element("p", remark, "class", "muted");
    page.close();
  }

  private void unpriced() {
    long rows = sums.costs().unpricedRows();
    if (rows == 0 && sums.saved().unknown() == 0) {
      return;
    }
    page.open("p", "class", "notice", "role", "note").element("strong", "Not all is priced. ");
    page.text(
        "No price is known for "
            + Amounts.count(rows)
            + " of "
            + Amounts.count(report.rows(), "row")
            + ", "
            + Amounts.count(sums.requests().unpriced(), "request")
            + " among them, nor what "
            + Amounts.count(sums.saved().unknown(), "request")
            + " saved. They are counted, and are in no amount: the true cost is higher. Averages"
            + " are over what has a price.");
    page.close();
  }
}
