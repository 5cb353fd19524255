package io.millrace.jobs.dashboards;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.jobs.metrics.LlmMetric;
import java.util.List;

/** A dashboard as the JSON that Grafana is provisioned with. */
public final class GrafanaDashboard {
  /** Of the source in docker/grafana/provisioning, which is chosen at first. */
  static final String DATASOURCE = "prometheus";

  /** Grafana 12's. */
  private static final int SCHEMA_VERSION = 41;

  private static final String UID_PREFIX = "millrace-";
  private static final int COLUMNS = 24;
  private static final int FIGURES_A_ROW_MAX = 6;
  private static final int FIGURE_HEIGHT = 4;
  private static final int CHART_HEIGHT = 8;

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private GrafanaDashboard() {}

  /** The file's name. */
  public static String file(Dashboard dashboard) {
    return dashboard.id() + ".json";
  }

  /** The file's content. */
  public static String of(Dashboard dashboard) {
    ObjectNode root = JSON.objectNode();
    root.put("uid", UID_PREFIX + dashboard.id());
    root.put("title", "Millrace: " + dashboard.title());
    root.put("description", dashboard.description());
    root.putArray("tags").add("millrace");
    root.put("schemaVersion", SCHEMA_VERSION);
    root.put("editable", false);
    root.put("timezone", "browser");
    root.put("graphTooltip", 1);
    root.put("refresh", "10s");
    root.putObject("time").put("from", "now-1h").put("to", "now");
    links(root.putArray("links"));
    variables(root.putObject("templating").putArray("list"), dashboard);
    panels(root.putArray("panels"), dashboard.panels());
    try {
      return new ObjectMapper()
              .writer(
                  new DefaultPrettyPrinter()
                      .withArrayIndenter(new DefaultIndenter("  ", "\n"))
                      .withObjectIndenter(new DefaultIndenter("  ", "\n")))
              .writeValueAsString(root)
          + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of ours", e);
    }
  }

  private static void links(ArrayNode links) {
    links
        .addObject()
        .put("type", "dashboards")
        .put("title", "Millrace")
        .put("asDropdown", false)
        .put("includeVars", true)
        .put("keepTime", true)
        .putArray("tags")
        .add("millrace");
  }

  private static void variables(ArrayNode list, Dashboard dashboard) {
    ObjectNode source = list.addObject();
    source.put("type", "datasource").put("name", "datasource").put("label", "Prometheus");
    source.put("query", "prometheus");
    source.putObject("current").put("text", "Prometheus").put("value", DATASOURCE);
    for (String label : Selector.VARIABLES) {
      boolean used =
          dashboard.panels().stream()
              .flatMap(panel -> panel.queries().stream())
              .flatMap(query -> query.expr().selectors().stream())
              .anyMatch(selector -> selector.variables().contains(label));
      if (used) {
        variable(list.addObject(), label);
      }
    }
  }

  private static void variable(ObjectNode variable, String label) {
    String values = "label_values(" + LlmMetric.REQUESTS.exactName() + ", " + label + ")";
    variable.put("type", "query").put("name", label).put("label", label);
    datasource(variable);
    variable.putObject("query").put("query", values).put("refId", label);
    variable.put("definition", values);
    variable.put("refresh", 2).put("sort", 1);
    variable.put("multi", true).put("includeAll", true);
    // Also what has no such label, such as idle time, which has no tenant.
    variable.put("allValue", ".*");
    ObjectNode current = variable.putObject("current");
    current.putArray("text").add("All");
    current.putArray("value").add("$__all");
  }

  private static void panels(ArrayNode list, List<Panel> panels) {
    long figures = panels.stream().filter(p -> p.kind() == Panel.Kind.FIGURE).count();
    int figureWidth = COLUMNS / (int) Math.max(1, Math.min(FIGURES_A_ROW_MAX, figures));
    int x = 0;
    int y = 0;
    int height = 0;
    for (Panel panel : panels) {
      boolean figure = panel.kind() == Panel.Kind.FIGURE;
      int width = figure ? figureWidth : COLUMNS / 2;
      int own = figure ? FIGURE_HEIGHT : CHART_HEIGHT;
      if (x + width > COLUMNS || (height != 0 && own != height)) {
        x = 0;
        y += height;
      }
      height = own;
      ObjectNode node = list.addObject();
      node.put("id", list.size());
      panel(node, panel);
      node.putObject("gridPos").put("h", own).put("w", width).put("x", x).put("y", y);
      x += width;
    }
  }

  private static void panel(ObjectNode node, Panel panel) {
    node.put("title", panel.title());
    node.put("description", panel.description());
    datasource(node);
    ObjectNode defaults = node.putObject("fieldConfig").putObject("defaults");
    ((ObjectNode) node.get("fieldConfig")).putArray("overrides");
    defaults.put("unit", panel.unit().grafana());
    if (panel.unit() == Unit.SHARE) {
      defaults.put("min", 0).put("max", 1);
    } else if (panel.kind() != Panel.Kind.TIMELINE) {
      defaults.put("min", 0);
    }
    thresholds(defaults, panel);
    ObjectNode options = node.putObject("options");
    switch (panel.kind()) {
      case FIGURE -> {
        node.put("type", "stat");
        defaults.putObject("color").put("mode", "thresholds");
        newest(options);
        options.put("graphMode", "area").put("colorMode", "value");
      }
      case BARS -> {
        node.put("type", "bargauge");
        defaults.putObject("color").put("mode", "palette-classic");
        newest(options);
        options.put("orientation", "horizontal").put("displayMode", "basic");
      }
      case TIMELINE -> {
        node.put("type", "state-timeline");
        defaults.putObject("color").put("mode", "thresholds");
        options.put("showValue", "never").put("mergeValues", true);
        options.putObject("legend").put("showLegend", false);
      }
      case LINES, STACK -> {
        node.put("type", "timeseries");
        defaults.putObject("color").put("mode", "palette-classic");
        lines(defaults.putObject("custom"), panel);
        options.putObject("tooltip").put("mode", "multi").put("sort", "desc");
        options.putObject("legend").put("displayMode", "list").put("placement", "bottom");
      }
    }
    targets(node.putArray("targets"), panel);
  }

  private static void newest(ObjectNode options) {
    options.putObject("reduceOptions").put("values", false).putArray("calcs").add("lastNotNull");
  }

  private static void lines(ObjectNode custom, Panel panel) {
    boolean stack = panel.kind() == Panel.Kind.STACK;
    custom.put("lineWidth", stack ? 1 : 2).put("fillOpacity", stack ? 40 : 0);
    custom.put("showPoints", "never").put("spanNulls", false);
    custom.putObject("stacking").put("mode", stack ? "normal" : "none").put("group", "A");
    custom.putObject("thresholdsStyle").put("mode", panel.threshold() == null ? "off" : "line");
  }

  private static void thresholds(ObjectNode defaults, Panel panel) {
    ObjectNode thresholds = defaults.putObject("thresholds").put("mode", "absolute");
    ArrayNode steps = thresholds.putArray("steps");
    Panel.Threshold threshold = panel.threshold();
    boolean badFromTheStart = threshold != null && !threshold.above();
    steps.addObject().put("color", badFromTheStart ? "red" : "green").putNull("value");
    if (threshold != null) {
      steps
          .addObject()
          .put("color", badFromTheStart ? "green" : "red")
          .put("value", threshold.limit() + (threshold.above() ? Math.ulp(threshold.limit()) : 0));
    }
  }

  private static void targets(ArrayNode targets, Panel panel) {
    boolean newest = panel.kind() == Panel.Kind.BARS;
    for (Query query : panel.queries()) {
      ObjectNode target = targets.addObject();
      target.put("refId", String.valueOf((char) ('A' + targets.size() - 1)));
      datasource(target);
      target.put("expr", query.expr().promQl());
      target.put("legendFormat", query.legend());
      target.put("instant", newest).put("range", !newest);
    }
  }

  private static void datasource(ObjectNode node) {
    node.putObject("datasource").put("type", "prometheus").put("uid", "${datasource}");
  }
}
