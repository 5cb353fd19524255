package io.millrace.jobs.report.html;

import io.millrace.jobs.report.Costs;
import io.millrace.jobs.report.Period;
import io.millrace.jobs.report.Report;
import io.millrace.jobs.report.TimeSlice;
import io.millrace.jobs.report.format.Amounts;
import io.millrace.jobs.report.format.Names;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** A report as one HTML page. */
public final class HtmlReport {
  private static final String STYLE = "report.css";

  /** The page may load nothing, whatever stands in it. */
  private static final String POLICY = "default-src 'none'; style-src 'unsafe-inline'";

  private final Markup page = new Markup();
  private final Report report;
  private final int top;

  private HtmlReport(Report report, int top) {
    this.report = report;
    this.top = top;
  }

  /**
   * The page, UTF-8.
   *
   * @param top how many tenants and models are told one by one
   */
  public static String of(Report report, int top) {
    return new HtmlReport(report, top).write();
  }

  private String write() {
    page.open("html", "lang", "en").open("head");
    page.empty("meta", "charset", "utf-8");
    page.empty("meta", "http-equiv", "Content-Security-Policy", "content", POLICY);
    page.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    page.empty("meta", "name", "color-scheme", "content", "light dark");
    page.element("title", "Millrace cost report");
    page.style(style()).close();
    page.open("body").open("main");
    Optional<Period> period = report.period();
    header(period);
    if (period.isPresent()) {
      body(period.get());
    } else {
      page.open("section", "class", "empty").element("h2", "No costs");
      page.element("p", "There is no row in " + report.source() + " for this choice.");
      page.close();
    }
    footer();
    page.close().close().close();
    return page.document();
  }

  private void header(Optional<Period> period) {
    page.open("header").element("p", "Millrace", "class", "brand");
    page.element("h1", "LLM cost report");
    page.open("p", "class", "period");
    period.ifPresent(
        time -> {
          page.element("strong", Times.range(time.from(), time.to()));
          page.text(" (" + Amounts.time(time.length()) + ")");
        });
    filter("tenant", report.filter().tenant());
    filter("model", report.filter().model());
    page.close().close();
  }

  private void filter(String what, String name) {
    if (name != null) {
      page.text(" · only " + what + " ");
      page.element("bdi", Names.shown(name, Names.SHOWN_MAX));
    }
  }

  private void body(Period period) {
    new Headlines(page, report).write();

    section("Cost over time", "");
    timeline(period);
    page.close();

    page.open("div", "class", "two");
    section(
        "Where the savings come from", "What the answers would have cost, and what they did, USD.");
    SavingsChart.draw(page, report.total());
    composition();
    page.close();
    section("How well it was used", "");
    new Efficiency(page, report.total()).rates();
    page.close().close();

    GroupTables tables = new GroupTables(page);
    section(
        "Top spenders",
        "Cost of their requests, USD"
            + (report.filter().tenant() == null ? "; idle time belongs to no tenant." : "."));
    tables.tenants(report.tenants().top(top));
    page.close();

    section(
        "USD per million tokens",
        "What was spent on answers, by the tokens that models worked on; reused answers have none.");
    tables.models(report.models().top(top));
    page.close();

    section("What it comes to", "");
    new Efficiency(page, report.total()).projections(report);
    page.close();

    section("Prices", "What the rows were charged by.");
    tables.prices(report.prices());
    page.close();
  }

  private void timeline(Period period) {
    if (report.total().costs().total().signum() == 0) {
      page.element("p", "Nothing here cost anything that has a known price.", "class", "muted");
      return;
    }
    new TimelineChart(
            page, period, report.slices(), report.tenantLayers(), TimeSlice::tenantsUsd, "tenants")
        .draw("By tenant");
    if (report.models().size() > 1) {
      new TimelineChart(
              page, period, report.slices(), report.modelLayers(), TimeSlice::modelsUsd, "models")
          .draw("By model");
    }
  }

  /** What the total is made of. */
  private void composition() {
    Costs costs = report.total().costs();
    BigDecimal lost = costs.recovery().add(costs.other());
    if (costs.idle().signum() == 0 && lost.signum() == 0) {
      return;
    }
    Extent axis = new Extent(BigDecimal.ZERO, costs.total());
    page.open("figure").element("figcaption", "Of " + Amounts.usd(costs.total()) + " in all");
    BigDecimal worked = costs.answers().add(costs.idle());
    Bars.begin(page);
    Bars.part(page, axis, BigDecimal.ZERO, costs.answers(), "c-paid");
    Bars.part(page, axis, costs.answers(), worked, "c-idle");
    Bars.part(page, axis, worked, worked.add(lost), "c-recovery");
    page.close();
    page.open("ul", "class", "legend");
    key("c-paid", "answers", costs.answers());
    key("c-idle", "idle", costs.idle());
    if (lost.signum() != 0) {
      key("c-recovery", "lost to failures", lost);
    }
    page.close().close();
  }

  private void key(String color, String name, BigDecimal usd) {
    page.open("li").element("i", "", "class", color).element("span", name);
    page.element("span", Amounts.usd(usd), "class", "muted").close();
  }

  private void section(String title, String remark) {
    page.open("section").element("h2", title);
    if (!remark.isEmpty()) {
      page.element("p", remark, "class", "muted");
    }
  }

  private void footer() {
    page.open("footer");
    page.element(
        "p",
        "From "
            + report.source()
            + ", "
            + Amounts.count(report.rows(), "row")
            + "; made by Millrace at "
            + Times.full(report.generated())
            + " UTC.");
    page.element(
        "p",
        "Amounts are sums of exact decimals over the ledger's rows, rounded only for show; tokens"
            + " and device time are as measured. A request's cost is what its row says at the price"
            + " named there. Saved: what a reused answer cost when it was generated; cached tokens"
            + " of prompts at the price of computed ones; the steps that accepted drafts spared,"
            + " less the drafting; the standard price less the tier's. What has no known price is"
            + " counted as unpriced and never as 0. Projections assume that nothing changes.");
    page.close();
  }

  private static String style() {
    try (InputStream css = HtmlReport.class.getResourceAsStream(STYLE)) {
      return new String(css.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
