package io.millrace.engine.sampling.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A finite, deterministic automaton over characters: what {@link Regex} is turned into where two
 * languages must hold at once, or one must not. Immutable.
 */
final class CharAutomaton {
  static final int STATES_MAX = 20_000;
  private static final int DEAD = -1;

  private final List<Row<Integer>> rows;
  private final boolean[] accepting;
  private final long cost;

  /**
   * Where a state's characters lead: from {@code starts[i]} on to {@code targets[i]}, null being
   * nowhere. The first start is 0.
   */
  record Row<S>(int[] starts, List<S> targets) {
    S target(int codePoint) {
      int at = Arrays.binarySearch(starts, codePoint);
      return targets.get(at >= 0 ? at : -at - 2);
    }
  }

  private CharAutomaton(List<Row<Integer>> rows, boolean[] accepting, long cost) {
    this.rows = rows;
    this.accepting = accepting;
    this.cost = cost;
  }

  /** The automaton of all states that can be reached from one. State 0 is the start. */
  static <S> CharAutomaton explore(S start, Function<S, Row<S>> row, Predicate<S> accepting) {
    Map<S, Integer> ids = new LinkedHashMap<>();
    List<S> open = new ArrayList<>(List.of(start));
    ids.put(start, 0);
    List<Row<Integer>> rows = new ArrayList<>();
    for (int i = 0; i < open.size(); i++) {
      Row<S> of = row.apply(open.get(i));
      List<Integer> targets = new ArrayList<>();
      for (S target : of.targets()) {
        if (target == null) {
          targets.add(DEAD);
          continue;
        }
        Integer id = ids.get(target);
        if (id == null) {
          if (ids.size() == STATES_MAX) {
            throw new GrammarException(
                "its patterns, formats and lengths are too complex together");
          }
          id = ids.size();
          ids.put(target, id);
          open.add(target);
        }
        targets.add(id);
      }
      rows.add(new Row<>(of.starts(), targets));
    }
    boolean[] ends = new boolean[open.size()];
    for (int i = 0; i < ends.length; i++) {
      ends[i] = accepting.test(open.get(i));
    }
    long cost = rows.stream().mapToLong(made -> made.starts().length).sum();
    return new CharAutomaton(rows, ends, cost);
  }

  static CharAutomaton of(Regex regex) {
    return RegexAutomaton.of(regex);
  }

  /** The same, with what it took to make it. */
  CharAutomaton costing(long more) {
    return new CharAutomaton(rows, accepting, cost + more);
  }

  /** About how much it took to make it: ranges looked at. */
  long cost() {
    return cost;
  }

  /** Texts of a least and a most number of characters. */
  static CharAutomaton lengths(int min, int max) {
    boolean unbounded = max == GrammarGraph.UNBOUNDED;
    return explore(
        0,
        n -> {
          Integer next = unbounded && n == min ? n : n == max ? null : Integer.valueOf(n + 1);
          return new Row<>(new int[] {0}, Arrays.asList(next));
        },
        n -> n >= min);
  }

  CharAutomaton intersect(CharAutomaton other) {
    record Pair(int left, int right) {}
    return explore(
            new Pair(0, 0),
            pair -> {
              Row<Integer> left = rows.get(pair.left());
              Row<Integer> right = other.rows.get(pair.right());
              int[] starts = merged(left.starts(), right.starts());
              List<Pair> targets = new ArrayList<>();
              for (int start : starts) {
                int a = left.target(start);
                int b = right.target(start);
                targets.add(a == DEAD || b == DEAD ? null : new Pair(a, b));
              }
              return new Row<>(starts, targets);
            },
            pair -> accepting[pair.left()] && other.accepting[pair.right()])
        .costing(cost + other.cost);
  }

  /** All other texts. */
  CharAutomaton complement() {
    Row<Integer> stay = new Row<>(new int[] {0}, List.of(DEAD));
    return explore(
            0,
            state -> state == DEAD ? stay : rows.get(state),
            state -> state == DEAD || !accepting[state])
        .costing(cost);
  }

  boolean accepts(String text) {
    int state = 0;
    for (int c : text.codePoints().toArray()) {
      state = rows.get(state).target(c);
      if (state == DEAD) {
        return false;
      }
    }
    return accepting[state];
  }

  /** Adds it to the graph; returns the node to enter by. */
  int write(GraphBuilder graph, CharSpelling spelling, int next) {
    graph.spend(cost);
    int[] nodes = new int[rows.size()];
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = graph.hole();
    }
    for (int i = 0; i < nodes.length; i++) {
      List<Integer> ways = new ArrayList<>();
      if (accepting[i]) {
        ways.add(next);
      }
      sets(rows.get(i)).forEach((target, set) -> ways.add(spelling.any(set, nodes[target])));
      graph.fill(nodes[i], ways.isEmpty() ? graph.nothing() : graph.choice(ways));
    }
    return nodes[0];
  }

  private static Map<Integer, CodePoints> sets(Row<Integer> row) {
    Map<Integer, CodePoints> sets = new LinkedHashMap<>();
    for (int i = 0; i < row.starts().length; i++) {
      int end = i + 1 < row.starts().length ? row.starts()[i + 1] : Character.MAX_CODE_POINT + 1;
      CodePoints range = CodePoints.range(row.starts()[i], end - 1);
      if (row.targets().get(i) != DEAD && !range.isEmpty()) {
        sets.merge(row.targets().get(i), range, CodePoints::union);
      }
    }
    return sets;
  }

  static int[] merged(int[] a, int[] b) {
    int[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return Arrays.stream(all).sorted().distinct().toArray();
  }

  /** A row for a few single characters. */
  static <S> Row<S> row(Map<Integer, S> targets) {
    Map<Integer, S> starts = new HashMap<>();
    starts.put(0, null);
    targets.forEach((c, target) -> starts.putIfAbsent(c + 1, null));
    starts.putAll(targets);
    int[] sorted = starts.keySet().stream().mapToInt(Integer::intValue).sorted().toArray();
    List<S> at = new ArrayList<>();
    for (int start : sorted) {
      at.add(starts.get(start));
    }
    return new Row<>(sorted, at);
  }
}
