package io.millrace.engine.scheduler;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntToDoubleFunction;

/**
 * Keeps the many sequences of one tenant from slowing down another's few.
 *
 * <p>Where a step with many rows takes longer than one with few, as on a CPU, a batch full of one
 * tenant's sequences makes every token of the others take that much longer. So a step takes at most
 * half as long again, for each further tenant, as it would take for the tenant alone that wants the
 * fewest rows. That leaves the others more than their share, for what they have in a batch costs
 * them less. The rows that fit are shared out evenly, what a tenant does not want to those that
 * want more; of a tenant's sequences those take part whose last step was longest ago, and the
 * others wait for a later one.
 *
 * <p>Where a step takes the same time whatever its rows, as on a GPU that is not full, all take
 * part; so they do while nobody has measured what steps take, and while there is one tenant only.
 */
final class TimeShares {
  private static final Comparator<Sequence> LONGEST_AGO =
      Comparator.comparingLong(Sequence::lastStep).thenComparing(Sequence.BY_SENIORITY);

  /**
   * Who does not take part in a step.
   *
   * @param waiting of the running ones; most often none
   * @param rows that the step may have
   */
  record Share(Set<Sequence> waiting, int rows) {}

  /** How much longer a step may take for each further tenant in it. */
  private static final double LONGER = 0.5;

  private final int rowsMax;
  private IntToDoubleFunction stepNanos = rows -> 0;

  /**
   * @param rowsMax rows that a step has at most
   */
  TimeShares(int rowsMax) {
    this.rowsMax = rowsMax;
  }

  /**
   * @param nanos how long a step takes by its rows, never falling; 0 where that is not known
   */
  void measured(IntToDoubleFunction nanos) {
    stepNanos = nanos;
  }

  /**
   * Shares out the next step.
   *
   * @param running by seniority; the first takes part, and at least one of every tenant
   * @param next one that could join, whose tenant is not to be kept out; null if there is none
   */
  Share of(List<Sequence> running, Sequence next) {
    Map<String, Integer> wanted = new LinkedHashMap<>();
    for (Sequence sequence : running) {
      wanted.merge(sequence.tenant(), sequence.pendingTokens(), Integer::sum);
    }
    if (next != null) {
      wanted.putIfAbsent(next.tenant(), next.pendingTokens());
    }
    int rows = wanted.size() < 2 ? rowsMax : rowsWithinShares(wanted);
    int all = wanted.values().stream().mapToInt(Integer::intValue).sum();
    if (rows >= Math.min(all, rowsMax)) {
      return new Share(Set.of(), rowsMax);
    }
    return new Share(waiting(running, divide(rows, wanted)), rows);
  }

  /**
   * Who gives up its place for a newcomer: the least senior sequence of the tenant that has most
   * places. No one, if the newcomer's tenant has a place, all others have one at most, or those
   * with more are more urgent or senior. So no two tenants displace each other in turn.
   *
   * @param running by seniority
   * @return null if no one does
   */
  Sequence displaced(List<Sequence> running, Sequence newcomer) {
    Map<String, Integer> places = new HashMap<>();
    running.forEach(sequence -> places.merge(sequence.tenant(), 1, Integer::sum));
    if (places.containsKey(newcomer.tenant())) {
      return null;
    }
    int most = Math.max(2, Collections.max(places.values()));
    for (int i = running.size() - 1; i >= 0; i--) {
      Sequence sequence = running.get(i);
      if (places.get(sequence.tenant()) == most
          && !sequence.isSenior()
          && sequence.priority() >= newcomer.priority()) {
        return sequence;
      }
    }
    return null;
  }

  /** The most rows of a step that slows nobody down by more than that. */
  private int rowsWithinShares(Map<String, Integer> wanted) {
    int fewest = Math.min(rowsMax, Collections.min(wanted.values()));
    double nanosMax = (1 + LONGER * (wanted.size() - 1)) * stepNanos.applyAsDouble(fewest);
    int within = Math.min(rowsMax, wanted.size());
    int beyond = rowsMax + 1;
    while (beyond - within > 1) {
      int middle = (within + beyond) / 2;
      if (stepNanos.applyAsDouble(middle) <= nanosMax) {
        within = middle;
      } else {
        beyond = middle;
      }
    }
    return within;
  }

  /** Evenly, but to nobody more than it wants. */
  private static Map<String, Integer> divide(int rows, Map<String, Integer> wanted) {
    Map<String, Integer> shares = new LinkedHashMap<>();
    List<Map.Entry<String, Integer>> ascending = new ArrayList<>(wanted.entrySet());
    ascending.sort(Map.Entry.comparingByValue());
    int left = rows;
    for (int i = 0; i < ascending.size(); i++) {
      Map.Entry<String, Integer> tenant = ascending.get(i);
      int share = Math.min(tenant.getValue(), Math.max(1, left / (ascending.size() - i)));
      shares.put(tenant.getKey(), share);
      left -= share;
    }
    return shares;
  }

  private static Set<Sequence> waiting(List<Sequence> running, Map<String, Integer> shares) {
    List<Sequence> byTurn = new ArrayList<>(running);
    byTurn.sort(LONGEST_AGO);
    if (!running.isEmpty()) {
      byTurn.remove(running.get(0));
      byTurn.add(0, running.get(0));
    }
    Set<Sequence> waiting = new HashSet<>();
    for (Sequence sequence : byTurn) {
      if (shares.merge(sequence.tenant(), -1, Integer::sum) < 0) {
        waiting.add(sequence);
      }
    }
    return waiting;
  }
}
