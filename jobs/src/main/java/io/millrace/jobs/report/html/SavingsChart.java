package io.millrace.jobs.report.html;

import io.millrace.jobs.report.Savings;
import io.millrace.jobs.report.Sums;
import io.millrace.jobs.report.format.Amounts;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** From what the answers would have cost, reason by reason, to what they did: a waterfall. */
final class SavingsChart {
  private SavingsChart() {}

  /**
   * A row of it.
   *
   * @param label in words
   * @param remark what that means
   * @param from where its bar begins
   * @param to where it ends: left of that where something was saved
   * @param color class of the bar
   * @param figure what stands at its end
   */
  private record Step(
      String label, String remark, BigDecimal from, BigDecimal to, String color, String figure) {}

  static void draw(Markup page, Sums sums) {
    List<Step> steps = steps(sums);
    List<BigDecimal> ends = new ArrayList<>();
    steps.forEach(
        step -> {
          ends.add(step.from());
          ends.add(step.to());
        });
    Extent axis = Extent.of(ends);
    page.open("table", "class", "waterfall").open("tbody");
    for (Step step : steps) {
      page.open("tr").open("th", "scope", "row").text(step.label());
      page.element("small", step.remark()).close();
      page.open("td", "class", "chart");
      Bars.segment(
          page, axis, step.from().min(step.to()), step.from().max(step.to()), step.color());
      page.close();
      page.element("td", step.figure(), "class", "number").close();
    }
    page.close().close();
  }

  private static List<Step> steps(Sums sums) {
    Savings saved = sums.saved();
    BigDecimal gross = sums.withoutSavings();
    List<Step> steps = new ArrayList<>();
    steps.add(
        new Step(
            "Without savings",
            "every prompt computed in full",
            BigDecimal.ZERO,
            gross,
            "c-gross",
            Amounts.part(gross, sums.costs())));
    BigDecimal level = gross;
    level =
        step(steps, "Answers reused", "equal prompts, paid for once", level, saved.dedup(), saved);
    level =
        step(steps, "Prefix cache", "beginnings of prompts, kept", level, saved.prefix(), saved);
    level =
        step(steps, "Speculation", "drafted tokens, accepted", level, saved.speculation(), saved);
    if (saved.batch().signum() != 0) {
      level = step(steps, "Tier", "batch, flex or priority prices", level, saved.batch(), saved);
    }
    steps.add(
        new Step(
            "Paid for answers",
            "all requests together",
            BigDecimal.ZERO,
            level,
            "c-paid",
            Amounts.part(level, sums.costs())));
    return steps;
  }

  private static BigDecimal step(
      List<Step> steps,
      String label,
      String remark,
      BigDecimal level,
      BigDecimal saved,
      Savings all) {
    boolean dearer = saved.signum() < 0;
    BigDecimal next = level.subtract(saved);
    String sign = saved.signum() > 0 ? "−" : dearer ? "+" : "";
    steps.add(
        new Step(
            label,
            dearer ? remark + "; it cost more than it saved" : remark,
            level,
            next,
            dearer ? "c-loss" : "c-saved",
            all.known(saved).map(usd -> sign + Amounts.usd(usd.abs())).orElse("unpriced")));
    return next;
  }
}
