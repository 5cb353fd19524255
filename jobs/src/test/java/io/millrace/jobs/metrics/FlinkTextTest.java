package io.millrace.jobs.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.flink.metrics.CharacterFilter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.LogicalScopeProvider;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;
import org.junit.jupiter.api.Test;

class FlinkTextTest {

  private final FlinkText text = new FlinkText();

  @Test
  void printsEachTypeAsFlinksOwnReporterDoes() {
    var group = new Group(Map.of("<job_name>", "a job", "<host>", "h\"1\""));
    Counter counter = new SimpleCounter();
    counter.inc(7);
    var histogram = new DescriptiveStatisticsHistogram(10);
    histogram.update(4);
    text.add(counter, "num-records", group);
    text.add((Gauge<Double>) () -> 0.25, "load", group);
    text.add((Gauge<Boolean>) () -> true, "alive", group);
    text.add((Gauge<String>) () -> "words", "text", group);
    text.add(histogram, "latency", group);

    String labels = "{host=\"h_1_\",job_name=\"a_job\",";
    assertThat(text.scrape())
        .contains(
            "# TYPE flink_scope_num_records gauge\nflink_scope_num_records" + labels + "} 7\n")
        .contains("flink_scope_load" + labels + "} 0.25\n")
        .contains("flink_scope_alive" + labels + "} 1\n")
        .contains(
            "# TYPE flink_scope_latency summary\nflink_scope_latency_count" + labels + "} 1\n")
        .contains("flink_scope_latency" + labels + "quantile=\"0.99\",} 4\n")
        .doesNotContain("words");

    text.remove(counter, "num-records", group);
    assertThat(text.scrape()).doesNotContain("num_records").contains("flink_scope_load");
  }

  @Test
  void gaugeThatThrowsDoesNotSpoilTheScrape() {
    var group = new Group(Map.of());
    Gauge<Integer> broken =
        () -> {
          throw new IllegalStateException("its task is gone");
        };
    text.add(broken, "broken", group);
    text.add((Gauge<Integer>) () -> 3, "sound", group);
    assertThat(text.scrape()).contains("flink_scope_sound 3\n");
  }

  /** A group as a reporter gets it, in the scope "scope". */
  private static final class Group extends UnregisteredMetricsGroup
      implements LogicalScopeProvider {

    private final Map<String, String> variables;

    Group(Map<String, String> variables) {
      this.variables = variables;
    }

    @Override
    public Map<String, String> getAllVariables() {
      return variables;
    }

    @Override
    public String getLogicalScope(CharacterFilter filter) {
      return getLogicalScope(filter, '.');
    }

    @Override
    public String getLogicalScope(CharacterFilter filter, char delimiter) {
      return filter.filterCharacters("scope");
    }

    @Override
    public MetricGroup getWrappedMetricGroup() {
      return this;
    }
  }
}
