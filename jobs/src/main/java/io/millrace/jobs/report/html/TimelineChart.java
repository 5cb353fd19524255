package io.millrace.jobs.report.html;

import io.millrace.jobs.report.Layer;
import io.millrace.jobs.report.Period;
import io.millrace.jobs.report.TimeSlice;
import io.millrace.jobs.report.format.Amounts;
import io.millrace.jobs.report.format.Names;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;

/** Cost over time, in stacked bars, with a legend, and a table of the same. */
final class TimelineChart {
  private static final int TICKS = 4;
  private static final int LABELS_MAX = 7;

  /** A bar is no wider than if there were this many. */
  private static final int NARROW = 14;

  private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);
  private static final BigDecimal FILLED = new BigDecimal("0.84");
  private static final BigDecimal TWO = BigDecimal.valueOf(2);

  private final Markup page;
  private final List<Layer> layers;
  private final String others;
  private final TimelineBars timeline;
  private final Extent axis;
  private final Duration period;

  TimelineChart(
      Markup page,
      Period period,
      List<TimeSlice> slices,
      List<Layer> layers,
      Function<TimeSlice, List<BigDecimal>> parts,
      String others) {
    this.page = page;
    this.layers = layers;
    this.others = others;
    this.timeline = TimelineBars.of(period, slices, layers.size(), parts);
    this.axis =
        Extent.of(timeline.bars().stream().map(TimelineBars.Bar::total).toList()).rounded(TICKS);
    this.period = timeline.length().multipliedBy(timeline.bars().size());
  }

  void draw(String title) {
    page.open("figure", "class", "timeline");
    page.element("figcaption", title + ", each bar " + Times.length(timeline.length()) + ", USD");
    legend();
    page.open("div", "class", "plot");
    page.open("div", "class", "y-axis", "aria-hidden", "true");
    for (BigDecimal tick : axis.ticks(TICKS)) {
      page.element("span", Amounts.usd(tick), "style", "bottom:" + axis.percent(tick) + "%");
    }
    page.close();
    bars(title);
    labels();
    page.close();
    table();
    page.close();
  }

  private void legend() {
    page.open("ul", "class", "legend");
    for (int layer = 0; layer < layers.size(); layer++) {
      page.open("li").element("i", "", "class", color(layer));
      page.element("bdi", Names.of(layers.get(layer), others));
      page.element("span", Amounts.usd(sum(layer)), "class", "muted").close();
    }
    page.close();
  }

  private BigDecimal sum(int layer) {
    return timeline.bars().stream()
        .map(bar -> bar.parts().get(layer))
        .reduce(BigDecimal.ZERO, BigDecimal::add);
  }

  private String color(int layer) {
    return switch (layers.get(layer).kind()) {
      case NAMED -> "c" + layer;
      case OTHERS -> "c-others";
      case IDLE -> "c-idle";
      case RECOVERY -> "c-recovery";
    };
  }

  private void bars(String title) {
    page.open(
        "svg",
        "viewBox",
        "0 0 100 100",
        "preserveAspectRatio",
        "none",
        "role",
        "img",
        "aria-label",
        title + "; the figures are in the table below");
    for (BigDecimal tick : axis.ticks(TICKS)) {
      String y = HUNDRED.subtract(axis.percent(tick)).toPlainString();
      page.empty("line", "x1", "0", "x2", "100", "y1", y, "y2", y, "class", "grid");
    }
    for (int i = 0; i < timeline.bars().size(); i++) {
      bar(i, timeline.bars().get(i));
    }
    page.close();
  }

  private void bar(int index, TimelineBars.Bar bar) {
    BigDecimal slot = slot();
    BigDecimal width = slot.multiply(FILLED).min(percent(HUNDRED, NARROW));
    BigDecimal left =
        slot.multiply(BigDecimal.valueOf(index))
            .add(slot.subtract(width).divide(TWO, 4, RoundingMode.HALF_EVEN));
    page.open("g");
    page.element("title", told(bar));
    page.empty(
        "rect",
        "x",
        slot.multiply(BigDecimal.valueOf(index)).toPlainString(),
        "y",
        "0",
        "width",
        slot.toPlainString(),
        "height",
        "100",
        "class",
        "hover");
    BigDecimal below = BigDecimal.ZERO;
    for (int layer = 0; layer < layers.size(); layer++) {
      BigDecimal amount = bar.parts().get(layer).max(BigDecimal.ZERO);
      BigDecimal top = below.add(amount);
      BigDecimal height = axis.percent(top).subtract(axis.percent(below));
      if (height.signum() > 0) {
        page.empty(
            "rect",
            "x",
            left.setScale(3, RoundingMode.HALF_EVEN).toPlainString(),
            "y",
            HUNDRED.subtract(axis.percent(top)).toPlainString(),
            "width",
            width.setScale(3, RoundingMode.HALF_EVEN).toPlainString(),
            "height",
            height.toPlainString(),
            "class",
            color(layer));
      }
      below = top;
    }
    page.close();
  }

  /** What a pointer that rests on the bar is told. */
  private String told(TimelineBars.Bar bar) {
    StringBuilder text = new StringBuilder();
    text.append(Times.of(bar.start(), timeline.length()))
        .append(": ")
        .append(Amounts.usd(bar.total()));
    for (int layer = 0; layer < layers.size(); layer++) {
      if (bar.parts().get(layer).signum() != 0) {
        text.append("; ").append(Names.of(layers.get(layer), others));
        text.append(' ').append(Amounts.usd(bar.parts().get(layer)));
      }
    }
    return text.toString();
  }

  private void labels() {
    int last = timeline.bars().size() - 1;
    TreeSet<Integer> shown = new TreeSet<>();
    for (int i = 0; i < LABELS_MAX; i++) {
      shown.add(last * i / (LABELS_MAX - 1));
    }
    List<Integer> indexes = new ArrayList<>(shown);
    page.open("div", "class", "x-axis", "aria-hidden", "true");
    for (int i = 0; i < indexes.size(); i++) {
      int index = indexes.get(i);
      BigDecimal middle =
          slot().multiply(BigDecimal.valueOf(index)).add(slot().divide(TWO, 3, RoundingMode.DOWN));
      String place = i == 0 || index == last || i == indexes.size() / 2 ? "" : "spare";
      page.element(
          "span",
          Times.onAxis(timeline.bars().get(index).start(), timeline.length(), period),
          "class",
          last < NARROW ? place : index == 0 ? "first" : index == last ? "last" : place,
          "style",
          "left:" + middle.setScale(3, RoundingMode.HALF_EVEN) + "%");
    }
    page.close();
  }

  private BigDecimal slot() {
    return percent(HUNDRED, timeline.bars().size());
  }

  private static BigDecimal percent(BigDecimal whole, int parts) {
    return whole.divide(BigDecimal.valueOf(parts), 4, RoundingMode.DOWN);
  }

  private void table() {
    page.open("details").element("summary", "The figures of this chart");
    page.open("div", "class", "wide").open("table").open("thead").open("tr");
    page.element("th", "begins (UTC)");
    for (Layer layer : layers) {
      page.open("th", "class", "number").element("bdi", Names.of(layer, others)).close();
    }
    page.element("th", "all", "class", "number").close().close();
    page.open("tbody");
    for (TimelineBars.Bar bar : timeline.bars()) {
      page.open("tr").element("th", Times.of(bar.start(), timeline.length()), "scope", "row");
      bar.parts().forEach(amount -> page.element("td", Amounts.usd(amount), "class", "number"));
      page.element("td", Amounts.usd(bar.total()), "class", "number").close();
    }
    page.close().close().close().close();
  }
}
