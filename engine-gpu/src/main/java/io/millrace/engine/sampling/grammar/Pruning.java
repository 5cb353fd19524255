package io.millrace.engine.sampling.grammar;

import java.util.Arrays;
import java.util.function.IntPredicate;

/** Cuts off a graph what never leads to the end, so that nothing that may be written is in vain. */
final class Pruning {
  private final byte[] kinds;
  private final int[][] targets;
  private final IntPredicate alphabet;

  /** Nodes that lead to the end. */
  private final boolean[] ends;

  private Pruning(byte[] kinds, int[][] targets, IntPredicate alphabet) {
    this.kinds = kinds;
    this.targets = targets;
    this.alphabet = alphabet;
    this.ends = new boolean[kinds.length];
  }

  /**
   * @param alphabet the bytes that can be written at all
   * @throws GrammarException if nothing can be written from the start on
   */
  static GrammarGraph prune(byte[] kinds, int[][] targets, int start, IntPredicate alphabet) {
    Pruning pruning = new Pruning(kinds, targets, alphabet);
    pruning.findEnds();
    if (!pruning.ends[start]) {
      throw new GrammarException("nothing satisfies it");
    }
    int[][] kept = new int[kinds.length][];
    for (int node = 0; node < kept.length; node++) {
      kept[node] = pruning.ends[node] ? pruning.kept(node) : new int[0];
    }
    return new GrammarGraph(kinds, kept, start);
  }

  /** Grows until nothing changes. */
  private void findEnds() {
    boolean changed = true;
    while (changed) {
      changed = false;
      // What follows a node was mostly added before it.
      for (int node = 0; node < ends.length; node++) {
        if (!ends[node] && leadsOn(node)) {
          ends[node] = true;
          changed = true;
        }
      }
    }
  }

  private boolean leadsOn(int node) {
    int[] of = targets[node];
    return switch (kinds[node]) {
      case GrammarGraph.BYTES -> anyEdge(of);
      case GrammarGraph.CHOICE -> Arrays.stream(of).anyMatch(target -> ends[target]);
      case GrammarGraph.CALL -> ends[of[0]] && ends[of[1]];
      case GrammarGraph.REPEAT -> (of[2] == 0 || ends[of[0]]) && ends[of[1]];
      case GrammarGraph.RETURN -> true;
      default -> throw new IllegalStateException("a hole was never filled");
    };
  }

  private boolean anyEdge(int[] edges) {
    for (int i = 0; i < edges.length; i += 3) {
      if (edgeLeadsOn(edges, i)) {
        return true;
      }
    }
    return false;
  }

  private boolean edgeLeadsOn(int[] edges, int at) {
    if (ends[edges[at + 2]]) {
      for (int b = edges[at]; b <= edges[at + 1]; b++) {
        if (alphabet.test(b)) {
          return true;
        }
      }
    }
    return false;
  }

  private int[] kept(int node) {
    int[] of = targets[node];
    return switch (kinds[node]) {
      case GrammarGraph.BYTES -> keptEdges(of);
      case GrammarGraph.CHOICE -> Arrays.stream(of).filter(target -> ends[target]).toArray();
      case GrammarGraph.REPEAT -> new int[] {of[0], of[1], of[2], ends[of[0]] ? of[3] : 0};
      default -> of;
    };
  }

  private int[] keptEdges(int[] edges) {
    int[] kept = new int[edges.length];
    int length = 0;
    for (int i = 0; i < edges.length; i += 3) {
      if (edgeLeadsOn(edges, i)) {
        System.arraycopy(edges, i, kept, length, 3);
        length += 3;
      }
    }
    return Arrays.copyOf(kept, length);
  }
}
