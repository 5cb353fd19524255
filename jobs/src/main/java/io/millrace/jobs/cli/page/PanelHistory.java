package io.millrace.jobs.cli.page;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.jobs.dashboards.Dashboard;
import io.millrace.jobs.dashboards.Panel;
import io.millrace.jobs.dashboards.Query;
import io.millrace.jobs.dashboards.Sample;
import io.millrace.jobs.dashboards.Samples;
import io.millrace.jobs.report.format.Names;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the panels showed in the last quarter of an hour, second by second. For any thread. */
final class PanelHistory {
  /** Points in time that are kept. */
  static final int POINTS = 900;

  /** Lines of a panel; the further ones are one. */
  static final int LINES_MAX = 20;

  static final String OTHERS = "others";

  /** More digits than a chart can show. */
  private static final MathContext SHOWN = new MathContext(6);

  private record Line(double[] values) {
    static Line empty() {
      Line line = new Line(new double[POINTS]);
      Arrays.fill(line.values, Double.NaN);
      return line;
    }
  }

  private final List<Dashboard> dashboards;
  private final Map<Panel, Map<String, Line>> lines = new LinkedHashMap<>();
  private final long[] timesMs = new long[POINTS];
  private int points;

  PanelHistory(List<Dashboard> dashboards) {
    this.dashboards = dashboards;
    dashboards.forEach(d -> d.panels().forEach(p -> lines.put(p, new LinkedHashMap<>())));
  }

  /** Evaluates every panel. */
  synchronized void add(long timeMs, Samples samples) {
    int at = points % POINTS;
    timesMs[at] = timeMs;
    lines.forEach(
        (panel, all) -> {
          all.values().forEach(line -> line.values[at] = Double.NaN);
          for (Query query : panel.queries()) {
            for (Sample sample : query.expr().value(samples)) {
              String name = Names.shown(query.legend(sample.labels()), Names.SHOWN_MAX);
              add(all, name, at, sample.value());
            }
          }
          all.values().removeIf(line -> Arrays.stream(line.values).allMatch(Double::isNaN));
        });
    points++;
  }

  private static void add(Map<String, Line> all, String name, int at, double value) {
    String shown = all.containsKey(name) || all.size() < LINES_MAX - 1 ? name : OTHERS;
    double[] values = all.computeIfAbsent(shown, n -> Line.empty()).values;
    values[at] = Double.isNaN(values[at]) ? value : values[at] + value;
  }

  /**
   * The points of a dashboard after a time, or null if there is no such dashboard.
   *
   * @param sinceMs 0 for all
   */
  synchronized ObjectNode after(long sinceMs, String dashboard) {
    Dashboard found =
        dashboards.stream().filter(d -> d.id().equals(dashboard)).findAny().orElse(null);
    if (found == null) {
      return null;
    }
    List<Integer> slots = new ArrayList<>();
    for (int point = Math.max(0, points - POINTS); point < points; point++) {
      if (timesMs[point % POINTS] > sinceMs) {
        slots.add(point % POINTS);
      }
    }
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode times = json.putArray("times");
    slots.forEach(slot -> times.add(timesMs[slot]));
    ArrayNode panels = json.putArray("panels");
    for (Panel panel : found.panels()) {
      ArrayNode series = panels.addObject().putArray("series");
      lines
          .get(panel)
          .forEach(
              (name, line) -> {
                ArrayNode values = series.addObject().put("name", name).putArray("values");
                slots.forEach(slot -> value(values, line.values[slot]));
              });
    }
    return json;
  }

  private static void value(ArrayNode values, double value) {
    if (Double.isFinite(value)) {
      values.add(new BigDecimal(value).round(SHOWN).doubleValue());
    } else {
      values.addNull();
    }
  }
}
