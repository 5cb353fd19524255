package io.millrace.jobs.report.html;

import io.millrace.jobs.report.Group;
import io.millrace.jobs.report.PriceUsed;
import io.millrace.jobs.report.Ranking;
import io.millrace.jobs.report.Sums;
import io.millrace.jobs.report.format.Amounts;
import io.millrace.jobs.report.format.Names;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** Tables of tenants, of models, and of the prices they were charged by. */
final class GroupTables {
  private static final int PRICES_SHOWN = 20;

  private final Markup page;

  GroupTables(Markup page) {
    this.page = page;
  }

  /** Who spent most. */
  void tenants(Ranking ranking) {
    begin("tenant", "cost", "", "requests", "reused", "tokens", "saved");
    Extent axis = axis(ranking);
    for (int i = 0; i < ranking.groups().size(); i++) {
      Group group = ranking.groups().get(i);
      tenant(Names.shown(group.name(), Names.SHOWN_MAX), group.sums(), axis);
    }
    ranking
        .restOf()
        .ifPresent(rest -> tenant(Amounts.count(ranking.others()) + " others", rest, null));
    end();
  }

  /** Without an axis there is no bar: the others together would dwarf the rest. */
  private void tenant(String name, Sums sums, Extent axis) {
    row(name);
    number(Amounts.usd(sums.costs()));
    page.open("td", "class", "chart");
    if (axis != null) {
      Bars.bar(page, axis, sums.costs().total(), "c-paid");
    }
    page.close();
    number(Amounts.count(sums.requests().all()));
    number(Amounts.percent(sums.reusedShare()));
    number(Amounts.count(sums.tokens().prompt() + sums.tokens().output()));
    number(Amounts.usd(sums.saved()));
    page.close();
  }

  /** What a million tokens cost, by model. */
  void models(Ranking ranking) {
    begin(
        "model", "all tokens", "", "input", "output", "with idle time", "requests", "cost", "idle");
    List<BigDecimal> prices = new ArrayList<>();
    ranking.groups().forEach(one -> one.sums().perMillionTokens().ifPresent(prices::add));
    ranking.restOf().flatMap(Sums::perMillionTokens).ifPresent(prices::add);
    Extent axis = Extent.of(prices);
    for (Group group : ranking.groups()) {
      model(Names.shown(group.name(), Names.SHOWN_MAX), group.sums(), axis);
    }
    ranking
        .restOf()
        .ifPresent(rest -> model(Amounts.count(ranking.others()) + " others", rest, axis));
    end();
  }

  private void model(String name, Sums sums, Extent axis) {
    row(name);
    number(Amounts.usd(sums.perMillionTokens()));
    page.open("td", "class", "chart");
    Bars.bar(page, axis, sums.perMillionTokens().orElse(BigDecimal.ZERO), "c-paid");
    page.close();
    number(Amounts.usd(sums.perMillionPromptTokens()));
    number(Amounts.usd(sums.perMillionOutputTokens()));
    number(Amounts.usd(sums.perMillionTokensAllIn()));
    number(Amounts.count(sums.requests().all()));
    number(Amounts.usd(sums.costs()));
    number(Amounts.percent(sums.idleShare()));
    page.close();
  }

  /** What was charged by which price. */
  void prices(List<PriceUsed> prices) {
    begin("model", "rows", "unpriced", "price", "edition", "tier");
    for (PriceUsed price : prices.subList(0, Math.min(PRICES_SHOWN, prices.size()))) {
      row(Names.shown(price.model(), Names.SHOWN_MAX));
      number(Amounts.count(price.rows()));
      number(price.unpriced() == 0 ? "0" : Amounts.count(price.unpriced()));
      cell(price.source());
      cell(price.version());
      cell(price.tier() == null ? "standard" : price.tier());
      page.close();
    }
    end();
    if (prices.size() > PRICES_SHOWN) {
      page.element("p", "The " + PRICES_SHOWN + " of most rows are shown.", "class", "muted");
    }
  }

  private static Extent axis(Ranking ranking) {
    List<BigDecimal> amounts = new ArrayList<>();
    ranking.groups().forEach(group -> amounts.add(group.sums().costs().total()));
    return Extent.of(amounts);
  }

  /** Columns after the first hold numbers, and those without a name bars. */
  private void begin(String... columns) {
    page.open("div", "class", "wide").open("table").open("thead").open("tr");
    for (int i = 0; i < columns.length; i++) {
      if (columns[i].isEmpty()) {
        page.element("td", "", "class", "chart");
      } else {
        boolean words = i == 0 || List.of("price", "edition", "tier").contains(columns[i]);
        page.element("th", columns[i], "scope", "col", "class", words ? "" : "number");
      }
    }
    page.close().close().open("tbody");
  }

  private void end() {
    page.close().close().close();
  }

  private void row(String name) {
    page.open("tr").open("th", "scope", "row").element("bdi", name).close();
  }

  private void number(String text) {
    page.element("td", text, "class", "number");
  }

  private void cell(String text) {
    String shown = text == null ? Amounts.NONE : Names.shown(text, Names.SHOWN_MAX);
    page.open("td").element("bdi", shown).close();
  }
}
