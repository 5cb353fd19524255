package io.millrace.jobs.cli.page;

import io.millrace.jobs.dashboards.Sample;
import io.millrace.jobs.dashboards.Samples;
import io.millrace.jobs.dashboards.Selector;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * The last scrapes. One thread's.
 *
 * <p>A counter that appears has begun at 0, as all of one process do; one that falls has begun
 * anew.
 */
final class RecentSamples implements Samples {
  /** Scrapes that a rate goes over, and the one it starts from: 15 s of them. */
  private static final int SCRAPES = 16;

  /** Less than this is no rate. */
  private static final double RATE_SECONDS_MIN = 3;

  /** Beyond them, those that come later are left out. */
  static final int SERIES_MAX = 10_000;

  private final Map<String, Map<Map<String, String>, Series>> byName = new HashMap<>();
  private final long[] timesMs = new long[SCRAPES];
  private int scrapes;
  private int series;

  private static final class Series {
    private final double[] grown = new double[SCRAPES];
    private double value;
    private double allGrown;
    private int scrape = -1;
  }

  /** Takes a scrape, those of its series whose name is among the ones given. */
  void add(long timeMs, String text, Set<String> names) {
    timesMs[scrapes % SCRAPES] = timeMs;
    ExpositionText.read(text, names::contains, this::take);
    for (Map<Map<String, String>, Series> all : byName.values()) {
      for (Series one : all.values()) {
        one.grown[scrapes % SCRAPES] = one.allGrown;
      }
    }
    scrapes++;
  }

  private void take(String name, Map<String, String> labels, double value) {
    Map<Map<String, String>, Series> all = byName.computeIfAbsent(name, n -> new HashMap<>());
    Series one = all.get(labels);
    if (one == null) {
      if (series == SERIES_MAX) {
        return;
      }
      series++;
      one = new Series();
      all.put(labels, one);
    }
    if (!Double.isNaN(value)) {
      one.allGrown += value >= one.value ? value - one.value : value;
    }
    one.value = value;
    one.scrape = scrapes;
  }

  @Override
  public List<Sample> newest(Selector selector) {
    return select(selector, true, one -> one.value);
  }

  @Override
  public List<Sample> perSecond(Selector selector) {
    int first = Math.max(0, scrapes - SCRAPES);
    double seconds = (timesMs[(scrapes - 1) % SCRAPES] - timesMs[first % SCRAPES]) / 1e3;
    if (seconds < RATE_SECONDS_MIN) {
      return List.of();
    }
    return select(selector, true, one -> (one.allGrown - one.grown[first % SCRAPES]) / seconds);
  }

  @Override
  public List<Sample> grown(Selector selector) {
    return select(selector, false, one -> one.allGrown);
  }

  @Override
  public double seconds() {
    return timesMs[(scrapes - 1) % SCRAPES] / 1e3;
  }

  /**
   * @param now whether only series count that the last scrape had
   */
  private List<Sample> select(Selector selector, boolean now, ToDoubleFunction<Series> reading) {
    List<Sample> selected = new ArrayList<>();
    byName
        .getOrDefault(selector.name(), Map.of())
        .forEach(
            (labels, one) -> {
              if ((!now || one.scrape == scrapes - 1)
                  && selector.selects(selector.name(), labels)) {
                selected.add(new Sample(labels, reading.applyAsDouble(one)));
              }
            });
    return selected;
  }
}
