package io.millrace.jobs.cli.page;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.millrace.jobs.dashboards.Dashboard;
import io.millrace.jobs.dashboards.Dashboards;
import io.millrace.jobs.dashboards.Panel;
import io.millrace.jobs.embedded.Pipeline;
import io.millrace.jobs.embedded.StartupException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The page of a pipeline. It listens at once and shows what there is once it is told of the
 * pipeline.
 */
public final class LivePage implements AutoCloseable {
  private static final String CHART_LIBRARY = "/META-INF/resources/webjars/uplot/1.6.30/dist/";
  private static final Duration SCRAPE_MAX = Duration.ofSeconds(5);
  private static final Pattern SINCE = Pattern.compile("(?:^|&)since=(\\d{1,15})(?:&|$)");
  private static final Pattern DASHBOARD =
      Pattern.compile("(?:^|&)dashboard=([a-z-]{1,40})(?:&|$)");

  private final List<Dashboard> dashboards = Dashboards.ALL;
  private final PanelHistory history = new PanelHistory(dashboards);
  private final RecentEvents events = new RecentEvents();
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final PageServer server;
  private final boolean texts;
  private volatile String flinkUrl;

  /**
   * Begins to listen.
   *
   * @param port 0 for a free one
   * @param option the command line's option that chooses it
   * @param texts whether the beginnings of answers may be shown
   * @throws StartupException when the port is taken
   */
  public LivePage(int port, String option, boolean texts) {
    this.texts = texts;
    this.server = new PageServer(port, option, pages());
    open.push(server);
  }

  /** Where a browser finds it. */
  public String url() {
    return "http://127.0.0.1:" + server.port() + "/";
  }

  /** Shows the pipeline from now on, and ends with it. */
  public synchronized void show(Pipeline pipeline) {
    flinkUrl = pipeline.dashboardUrl();
    pipeline.closeWith(this);
    EventFeed feed =
        new EventFeed(
            pipeline.bootstrapServers(),
            pipeline.topics(),
            pipeline.anomalyJob().isPresent(),
            texts,
            events);
    open.push(feed);
    feed.start();
    HttpClient client = HttpClient.newHttpClient();
    show(() -> page(client, pipeline.metricsUrl()) + page(client, pipeline.flinkMetricsUrl()));
  }

  private static String page(HttpClient client, String url)
      throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).timeout(SCRAPE_MAX).build();
    return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  private void show(Sampler.Source metrics) {
    Sampler sampler = new Sampler(dashboards, metrics, Clock.systemUTC(), history);
    open.push(sampler);
    sampler.start();
  }

  @Override
  public synchronized void close() {
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("none of them throws", e);
      }
    }
  }

  private Map<String, Function<String, PageServer.Content>> pages() {
    String script = "text/javascript; charset=utf-8";
    String style = "text/css; charset=utf-8";
    return Map.of(
        "/", file("text/html; charset=utf-8", "index.html"),
        "/page.js", file(script, "page.js"),
        "/charts.js", file(script, "charts.js"),
        "/page.css", file(style, "page.css"),
        "/uplot.js", file(script, CHART_LIBRARY + "uPlot.iife.min.js"),
        "/uplot.css", file(style, CHART_LIBRARY + "uPlot.min.css"),
        "/api/page", query -> json(description()),
        "/api/series", query -> json(series(query)),
        "/api/events", query -> json(events.json()));
  }

  private static Function<String, PageServer.Content> file(String type, String path) {
    PageServer.Content content = PageServer.resource(type, path);
    return query -> content;
  }

  private static PageServer.Content json(ObjectNode tree) {
    return tree == null
        ? null
        : new PageServer.Content(
            "application/json", tree.toString().getBytes(StandardCharsets.UTF_8));
  }

  private ObjectNode series(String query) {
    Matcher since = SINCE.matcher(query);
    Matcher dashboard = DASHBOARD.matcher(query);
    return dashboard.find()
        ? history.after(since.find() ? Long.parseLong(since.group(1)) : 0, dashboard.group(1))
        : null;
  }

  /** What the panels are; what they show comes second by second. */
  private ObjectNode description() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("points", PanelHistory.POINTS).put("texts", texts).put("flink", flinkUrl);
    ArrayNode all = json.putArray("dashboards");
    for (Dashboard dashboard : dashboards) {
      ObjectNode node = all.addObject();
      node.put("id", dashboard.id()).put("title", dashboard.title());
      node.put("description", dashboard.description());
      ArrayNode panels = node.putArray("panels");
      for (Panel panel : dashboard.panels()) {
        ObjectNode shown = panels.addObject();
        shown.put("title", panel.title()).put("description", panel.description());
        shown.put("kind", panel.kind().name().toLowerCase(Locale.ROOT));
        shown.put("unit", panel.unit().page());
        if (panel.threshold() != null) {
          shown.put("limit", panel.threshold().limit()).put("above", panel.threshold().above());
        }
      }
    }
    return json;
  }
}
