package io.millrace.jobs.dashboards;

import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/**
 * A value and the labels that tell it from others.
 *
 * @param labels by name, not null
 */
public record Sample(Map<String, String> labels, double value) {

  /** The same labels, another value. */
  Sample with(double other) {
    return new Sample(labels, other);
  }

  /** The labels of these names; one that is missing stays missing. */
  Map<String, String> only(Collection<String> names) {
    Map<String, String> kept = new TreeMap<>(labels);
    kept.keySet().retainAll(names);
    return kept;
  }
}
