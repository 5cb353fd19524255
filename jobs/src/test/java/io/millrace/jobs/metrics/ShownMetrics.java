package io.millrace.jobs.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;

/** A group that shows all that is registered, as Flink's registry does. */
public final class ShownMetrics extends UnregisteredMetricsGroup {
  private final LlmText text;
  private final Map<String, String> variables;
  private final Map<String, Gauge<?>> shortGauges = new TreeMap<>();

  public ShownMetrics(LlmText text) {
    this(text, Map.of());
  }

  private ShownMetrics(LlmText text, Map<String, String> variables) {
    this.text = text;
    this.variables = variables;
  }

  /** Reads the text as strictly as its grammar is: each line is a comment or one sample. */
  public static Map<String, Double> samples(String page) {
    Map<String, Double> samples = new TreeMap<>();
    String label = "[a-z_]+=\"(?:[^\"\\\\\n]|\\\\[\\\\\"n])*\",";
    for (String line : page.split("\n")) {
      assertThat(line)
          .matches("# (HELP|TYPE) llm_[a-z_]+ .+|llm_[a-z_]+\\{(" + label + ")*\\} [0-9.E-]+");
      if (!line.startsWith("#")) {
        int value = line.lastIndexOf(' ');
        assertThat(samples.put(line.substring(0, value), Double.valueOf(line.substring(value + 1))))
            .as("no series twice: %s", line)
            .isNull();
      }
    }
    return samples;
  }

  /** Values of gauges that are not in the catalogue. */
  Map<String, Double> shortGauges() {
    Map<String, Double> values = new TreeMap<>();
    shortGauges.forEach(
        (name, gauge) -> values.put(name, ((Number) gauge.getValue()).doubleValue()));
    return values;
  }

  @Override
  public MetricGroup addGroup(String key, String value) {
    Map<String, String> all = new TreeMap<>(variables);
    all.put("<" + key + ">", value);
    return new ShownMetrics(text, all);
  }

  @Override
  public Map<String, String> getAllVariables() {
    return variables;
  }

  @Override
  public Counter counter(String name) {
    Counter counter = new SimpleCounter();
    assertThat(text.add(counter, name, this)).isEqualTo(name.startsWith("llm_"));
    return counter;
  }

  @Override
  public <T, G extends Gauge<T>> G gauge(String name, G gauge) {
    if (!text.add(gauge, name, this)) {
      assertThat(name).doesNotStartWith("llm_");
      shortGauges.put(name, gauge);
    }
    return gauge;
  }
}
