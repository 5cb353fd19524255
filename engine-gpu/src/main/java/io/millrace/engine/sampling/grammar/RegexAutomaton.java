package io.millrace.engine.sampling.grammar;

import io.millrace.engine.sampling.grammar.CharAutomaton.Row;
import io.millrace.engine.sampling.grammar.Regex.Chars;
import io.millrace.engine.sampling.grammar.Regex.Choice;
import io.millrace.engine.sampling.grammar.Regex.Repeat;
import io.millrace.engine.sampling.grammar.Regex.Sequence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Turns a {@link Regex} into a {@link CharAutomaton}: by Thompson's construction into an automaton
 * that is not deterministic, then by the subset construction.
 */
final class RegexAutomaton {
  private static final int NODES_MAX = 20_000;
  private static final long COST_MAX = 10_000_000;

  /** What a node needs to be left, or null if nothing. */
  private final List<CodePoints> sets = new ArrayList<>();

  private final List<int[]> targets = new ArrayList<>();

  private long cost;

  private RegexAutomaton() {}

  static CharAutomaton of(Regex regex) {
    RegexAutomaton nodes = new RegexAutomaton();
    int end = nodes.node(null);
    int start = nodes.add(regex, end);
    return CharAutomaton.explore(nodes.closure(start), nodes::row, set -> set.get(end))
        .costing(nodes.cost);
  }

  private int node(CodePoints set, int... next) {
    if (sets.size() == NODES_MAX) {
      throw new GrammarException(
          "its patterns are too large to be combined with a length or format");
    }
    sets.add(set);
    targets.add(next);
    return sets.size() - 1;
  }

  private int add(Regex regex, int next) {
    if (regex instanceof Chars chars) {
      return node(chars.set(), next);
    }
    if (regex instanceof Sequence sequence) {
      int node = next;
      for (int i = sequence.parts().size() - 1; i >= 0; i--) {
        node = add(sequence.parts().get(i), node);
      }
      return node;
    }
    if (regex instanceof Choice choice) {
      return node(null, choice.ways().stream().mapToInt(way -> add(way, next)).toArray());
    }
    Repeat repeat = (Repeat) regex;
    int node = next;
    if (repeat.max() == GrammarGraph.UNBOUNDED) {
      node = node(null, next);
      targets.set(node, new int[] {add(repeat.part(), node), next});
    }
    for (int i = repeat.max() == GrammarGraph.UNBOUNDED ? repeat.min() : repeat.max(); i > 0; i--) {
      int item = add(repeat.part(), node);
      node = i > repeat.min() ? node(null, item, next) : item;
    }
    return node;
  }

  private void spend(long more) {
    cost += more;
    if (cost > COST_MAX) {
      throw new GrammarException("its patterns, formats and lengths are too complex together");
    }
  }

  private BitSet closure(int... from) {
    BitSet closed = new BitSet();
    List<Integer> open = new ArrayList<>();
    Arrays.stream(from).forEach(open::add);
    while (!open.isEmpty()) {
      int node = open.remove(open.size() - 1);
      if (!closed.get(node)) {
        closed.set(node);
        if (sets.get(node) == null) {
          Arrays.stream(targets.get(node)).forEach(open::add);
        }
      }
    }
    return closed;
  }

  private Row<BitSet> row(BitSet nodes) {
    int[] starts = {0};
    for (int node : nodes.stream().toArray()) {
      if (sets.get(node) != null) {
        starts = CharAutomaton.merged(starts, sets.get(node).bounds());
        spend(starts.length);
      }
    }
    spend((long) starts.length * nodes.cardinality());
    List<BitSet> next = new ArrayList<>();
    for (int start : starts) {
      int[] reached =
          nodes.stream()
              .filter(node -> sets.get(node) != null && sets.get(node).contains(start))
              .map(node -> targets.get(node)[0])
              .toArray();
      next.add(reached.length == 0 ? null : closure(reached));
    }
    return new Row<>(starts, next);
  }
}
