package io.millrace.jobs.report;

import java.util.List;
import java.util.Optional;

/**
 * Tenants or models, the dearest first.
 *
 * @param groups those that are told one by one
 * @param others how many more there are
 * @param rest what those add up to; null if there are none
 */
public record Ranking(List<Group> groups, long others, Sums rest) {

  /** How many there are in all. */
  public long size() {
    return groups.size() + others;
  }

  /** The others together, if there are any. */
  public Optional<Sums> restOf() {
    return Optional.ofNullable(rest);
  }

  /** The first of them, and the others together. */
  public Ranking top(int max) {
    if (groups.size() <= max) {
      return this;
    }
    Sums sum = rest;
    for (Group group : groups.subList(max, groups.size())) {
      sum = sum == null ? group.sums() : sum.plus(group.sums());
    }
    return new Ranking(List.copyOf(groups.subList(0, max)), size() - max, sum);
  }
}
