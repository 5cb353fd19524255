package io.millrace.engine.sampling.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;

/** A set of texts as a tree, so that a long list of alternatives costs no more than a short one. */
final class LiteralTrie {
  private final Map<Integer, LiteralTrie> children = new TreeMap<>();
  private boolean ends;

  /** Any of the byte strings. */
  static int write(GraphBuilder graph, List<byte[]> texts, int next) {
    LiteralTrie root = new LiteralTrie();
    for (byte[] text : texts) {
      LiteralTrie node = root;
      for (byte b : text) {
        node = node.child(b & 0xff);
      }
      node.ends = true;
    }
    return root.write(graph, next, (b, then) -> graph.bytes(b, b, then));
  }

  /** Any of the texts, each character in any of its spellings. */
  static int write(GraphBuilder graph, CharSpelling spelling, List<String> texts, int next) {
    LiteralTrie root = new LiteralTrie();
    for (String text : texts) {
      LiteralTrie node = root;
      for (int c : text.codePoints().toArray()) {
        node = node.child(c);
      }
      node.ends = true;
    }
    return root.write(graph, next, (c, then) -> spelling.any(CodePoints.of(c), then));
  }

  private LiteralTrie child(int unit) {
    return children.computeIfAbsent(unit, u -> new LiteralTrie());
  }

  /** Without recursion: a text may be longer than the stack is deep. */
  private int write(GraphBuilder graph, int next, BiFunction<Integer, Integer, Integer> unit) {
    List<LiteralTrie> order = new ArrayList<>(List.of(this));
    for (int i = 0; i < order.size(); i++) {
      order.addAll(order.get(i).children.values());
    }
    Map<LiteralTrie, Integer> written = new HashMap<>();
    for (int i = order.size() - 1; i >= 0; i--) {
      LiteralTrie node = order.get(i);
      List<Integer> ways = new ArrayList<>();
      node.children.forEach((c, child) -> ways.add(unit.apply(c, written.get(child))));
      if (node.ends) {
        ways.add(next);
      }
      written.put(node, graph.choice(ways));
    }
    return written.get(this);
  }
}
