package io.millrace.jobs.report.html;

import java.math.BigDecimal;

/** Lying bars; the figures beside them say the same in words. */
final class Bars {
  private Bars() {}

  /** A bar from one amount to another. */
  static void segment(Markup page, Extent axis, BigDecimal from, BigDecimal to, String color) {
    begin(page);
    part(page, axis, from, to, color);
    page.close();
  }

  /** A bar from 0. */
  static void bar(Markup page, Extent axis, BigDecimal amount, String color) {
    segment(page, axis, BigDecimal.ZERO.min(amount), BigDecimal.ZERO.max(amount), color);
  }

  /** Begins a bar of several parts, which {@link #part} draws; the caller closes it. */
  static void begin(Markup page) {
    page.open(
        "svg",
        "class",
        "bar",
        "viewBox",
        "0 0 100 10",
        "preserveAspectRatio",
        "none",
        "aria-hidden",
        "true");
    page.empty("rect", "width", "100", "height", "10", "class", "track");
  }

  static void part(Markup page, Extent axis, BigDecimal from, BigDecimal to, String color) {
    BigDecimal left = axis.percent(from);
    page.empty(
        "rect",
        "x",
        left.toPlainString(),
        "width",
        axis.percent(to).subtract(left).toPlainString(),
        "height",
        "10",
        "class",
        color);
  }
}
