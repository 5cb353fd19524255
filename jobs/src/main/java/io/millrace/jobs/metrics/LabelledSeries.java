package io.millrace.jobs.metrics;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.metrics.MetricGroup;

/** The series of an operator by their labels, each made when it is first asked for. */
final class LabelledSeries {
  private final MetricGroup group;
  private final Map<List<String>, LlmSeries> all = new HashMap<>();

  /**
   * @param group the operator's
   */
  LabelledSeries(MetricGroup group) {
    this.group = group;
  }

  /**
   * @param labels names, each with its value after it; those whose value is null are left out
   */
  LlmSeries of(String... labels) {
    return all.computeIfAbsent(Arrays.asList(labels), this::open);
  }

  private LlmSeries open(List<String> labels) {
    MetricGroup labelled = group;
    for (int i = 0; i < labels.size(); i += 2) {
      if (labels.get(i + 1) != null) {
        labelled = labelled.addGroup(labels.get(i), labels.get(i + 1));
      }
    }
    return new LlmSeries(labelled);
  }
}
