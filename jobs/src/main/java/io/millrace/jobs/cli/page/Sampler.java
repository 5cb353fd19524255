package io.millrace.jobs.cli.page;

import io.millrace.jobs.dashboards.Dashboard;
import io.millrace.jobs.dashboards.Selector;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the metrics every second and tells the panels. */
final class Sampler implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Sampler.class);
  private static final long PERIOD_MS = 1000;

  /** Where the metrics stand, in Prometheus' text format. */
  interface Source {
    String scrape() throws IOException, InterruptedException;
  }

  private final Source source;
  private final Clock clock;
  private final PanelHistory history;
  private final Set<String> names;
  private final RecentSamples samples = new RecentSamples();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "page-sampler"));
  private boolean failing;

  Sampler(List<Dashboard> dashboards, Source source, Clock clock, PanelHistory history) {
    this.source = source;
    this.clock = clock;
    this.history = history;
    this.names =
        dashboards.stream()
            .flatMap(dashboard -> dashboard.panels().stream())
            .flatMap(panel -> panel.queries().stream())
            .flatMap(query -> query.expr().selectors().stream())
            .map(Selector::name)
            .collect(Collectors.toUnmodifiableSet());
  }

  void start() {
    var unused = thread.scheduleAtFixedRate(this::sample, 0, PERIOD_MS, TimeUnit.MILLISECONDS);
  }

  /** Once; a scrape that fails leaves a gap. */
  void sample() {
    try {
      String text = source.scrape();
      long now = clock.millis();
      samples.add(now, text, names);
      history.add(now, samples);
      failing = false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      if (!failing) {
        LOG.warn("the page has no metrics for now: {}", e.toString());
      }
      failing = true;
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }
}
