package io.millrace.engine.sampling.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Makes a {@link GrammarGraph} from its end to its start: each method takes the node that follows
 * and returns the one to enter by. A loop needs a node before what follows it is there: that is a
 * {@link #hole}, filled later.
 */
final class GraphBuilder {
  private static final int NODES_MAX = 300_000;

  /** Of all automata that go into the graph; seconds, not minutes. */
  private static final long COST_MAX = 20_000_000;

  private final List<int[]> targets = new ArrayList<>();
  private byte[] kinds = new byte[256];
  private final int end = add(GrammarGraph.RETURN);
  private long spent;

  /**
   * Counts what it took to make something that goes into the graph.
   *
   * @throws GrammarException if it was too much in all
   */
  void spend(long cost) {
    spent += cost;
    if (spent > COST_MAX) {
      throw new GrammarException("its patterns, formats and lengths are too complex together");
    }
  }

  /** What was counted so far. */
  long spent() {
    return spent;
  }

  /** The end of a rule, and of the text. */
  int end() {
    return end;
  }

  /** One byte of a range. */
  int bytes(int low, int high, int next) {
    return add(GrammarGraph.BYTES, low, high, next);
  }

  /** The given bytes, all below 0x80. */
  int ascii(String text, int next) {
    int node = next;
    for (int i = text.length() - 1; i >= 0; i--) {
      node = bytes(text.charAt(i), text.charAt(i), node);
    }
    return node;
  }

  /** Any of the nodes; those that consume a byte become one. */
  int choice(List<Integer> nodes) {
    if (nodes.size() == 1) {
      return nodes.get(0);
    }
    List<Integer> others = new ArrayList<>();
    int[] edges = new int[3 * nodes.size()];
    int length = 0;
    for (int node : nodes) {
      int[] of = targets.get(node);
      if (kinds[node] != GrammarGraph.BYTES) {
        others.add(node);
        continue;
      }
      if (length + of.length > edges.length) {
        edges = Arrays.copyOf(edges, 2 * (length + of.length));
      }
      System.arraycopy(of, 0, edges, length, of.length);
      length += of.length;
    }
    if (length > 0) {
      others.add(add(GrammarGraph.BYTES, Arrays.copyOf(edges, length)));
    }
    return others.size() == 1 ? others.get(0) : split(others);
  }

  int choice(Integer... nodes) {
    return choice(List.of(nodes));
  }

  /** Any of the nodes, which may be holes; a chain of these stays of linear size. */
  int split(List<Integer> nodes) {
    return add(GrammarGraph.CHOICE, nodes.stream().mapToInt(Integer::intValue).toArray());
  }

  /** A language that holds nothing. */
  int nothing() {
    return add(GrammarGraph.CHOICE);
  }

  int call(int rule, int next) {
    return add(GrammarGraph.CALL, rule, next);
  }

  /** A rule from {@code min} to {@code max} times. */
  int repeat(int rule, int min, int max, int next) {
    return add(GrammarGraph.REPEAT, rule, next, min, max);
  }

  /** A node to be filled later. */
  int hole() {
    return add(GrammarGraph.HOLE);
  }

  /** Makes a hole the same as another node. */
  void fill(int hole, int node) {
    if (kinds[hole] != GrammarGraph.HOLE) {
      throw new IllegalStateException("filled twice");
    }
    kinds[hole] = GrammarGraph.CHOICE;
    targets.set(hole, new int[] {node});
  }

  /**
   * The graph of what can be written from a node on.
   *
   * @throws GrammarException if nothing can
   */
  GrammarGraph build(int start) {
    return Pruning.prune(
        Arrays.copyOf(kinds, targets.size()), targets.toArray(int[][]::new), start, b -> true);
  }

  private int add(byte kind, int... of) {
    int node = targets.size();
    if (node == NODES_MAX) {
      throw new GrammarException("it is too large");
    }
    if (node == kinds.length) {
      kinds = Arrays.copyOf(kinds, 2 * node);
    }
    kinds[node] = kind;
    targets.add(of);
    return node;
  }
}
