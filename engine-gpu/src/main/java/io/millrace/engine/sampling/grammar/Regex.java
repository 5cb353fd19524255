package io.millrace.engine.sampling.grammar;

import java.util.ArrayList;
import java.util.List;

/** A regular expression over characters, as a tree. {@link RegexParser} reads them. */
sealed interface Regex {
  Regex ANY_TEXT = new Repeat(new Chars(CodePoints.ALL), 0, GrammarGraph.UNBOUNDED);

  /** Exactly this text. */
  static Regex literal(String text) {
    List<Regex> parts = new ArrayList<>();
    text.codePoints().forEach(c -> parts.add(new Chars(CodePoints.of(c))));
    return new Sequence(parts);
  }

  /** Adds it to the graph; returns the node to enter by. */
  int write(GraphBuilder graph, CharSpelling spelling, int next);

  /** How many characters it would take to write it without counts, as a measure of its cost. */
  double size();

  /** One character of a set. */
  record Chars(CodePoints set) implements Regex {
    @Override
    public int write(GraphBuilder graph, CharSpelling spelling, int next) {
      return set.isEmpty() ? graph.nothing() : spelling.any(set, next);
    }

    @Override
    public double size() {
      return 1;
    }
  }

  /** One after the other. */
  record Sequence(List<Regex> parts) implements Regex {
    @Override
    public int write(GraphBuilder graph, CharSpelling spelling, int next) {
      int node = next;
      for (int i = parts.size() - 1; i >= 0; i--) {
        node = parts.get(i).write(graph, spelling, node);
      }
      return node;
    }

    @Override
    public double size() {
      return parts.stream().mapToDouble(Regex::size).sum();
    }
  }

  /** Any of them. */
  record Choice(List<Regex> ways) implements Regex {
    @Override
    public int write(GraphBuilder graph, CharSpelling spelling, int next) {
      List<Integer> nodes = new ArrayList<>();
      ways.forEach(way -> nodes.add(way.write(graph, spelling, next)));
      return nodes.isEmpty() ? graph.nothing() : graph.choice(nodes);
    }

    @Override
    public double size() {
      return 1 + ways.stream().mapToDouble(Regex::size).sum();
    }
  }

  /**
   * Several times.
   *
   * @param max {@link GrammarGraph#UNBOUNDED} for any number of times
   */
  record Repeat(Regex part, int min, int max) implements Regex {
    /** Up to so many single characters are written out rather than counted. */
    private static final int WRITTEN_OUT_MAX = 8;

    @Override
    public int write(GraphBuilder graph, CharSpelling spelling, int next) {
      if (max == GrammarGraph.UNBOUNDED && min <= 1) {
        int loop = graph.hole();
        int item = part.write(graph, spelling, loop);
        int again = graph.split(List.of(item, next));
        graph.fill(loop, again);
        return min == 1 ? item : again;
      }
      if (max == 1 || (max <= WRITTEN_OUT_MAX && part instanceof Chars)) {
        int node = next;
        for (int i = max; i > 0; i--) {
          int item = part.write(graph, spelling, node);
          node = i > min ? graph.choice(item, next) : item;
        }
        return node;
      }
      return graph.repeat(part.write(graph, spelling, graph.end()), min, max, next);
    }

    @Override
    public double size() {
      return part.size() * (max == GrammarGraph.UNBOUNDED ? Math.max(1, min) : Math.max(1, max));
    }
  }

  /** {@code ^} or {@code $}; {@link RegexParser} lets none through. */
  record Anchor(boolean start) implements Regex {
    @Override
    public int write(GraphBuilder graph, CharSpelling spelling, int next) {
      throw new IllegalStateException("an anchor has no characters");
    }

    @Override
    public double size() {
      return 0;
    }
  }
}
