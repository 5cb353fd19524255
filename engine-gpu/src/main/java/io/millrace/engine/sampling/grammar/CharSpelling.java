package io.millrace.engine.sampling.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How characters are spelled in bytes: as UTF-8, or inside a JSON string, where some are escaped. A
 * set of characters is one rule of the graph, however often it is used.
 */
final class CharSpelling {
  private static final CodePoints ESCAPED_ALWAYS =
      CodePoints.range(0, 0x1f).union(CodePoints.anyOf("\"\\"));

  /** Characters that some writers escape by number. Others of ASCII nobody does. */
  private static final CodePoints ESCAPED_BY_NUMBER = CodePoints.range(0x20, 0x7e).complement();

  private static final String SHORT_ESCAPED = "\"\\/\b\f\n\r\t";
  private static final String SHORT_ESCAPES = "\"\\/bfnrt";
  private static final int[] UTF8_LENGTH_ENDS = {
    0x80, 0x800, 0x10000, Character.MAX_CODE_POINT + 1
  };

  private final GraphBuilder graph;
  private final boolean json;
  private final Map<CodePoints, Integer> rules = new HashMap<>();

  private CharSpelling(GraphBuilder graph, boolean json) {
    this.graph = graph;
    this.json = json;
  }

  static CharSpelling utf8(GraphBuilder graph) {
    return new CharSpelling(graph, false);
  }

  /**
   * Inside a JSON string: as itself where JSON allows it; escaped by {@code \n} and its like; by
   * number ({@code \}{@code u00e9}) if not printable ASCII.
   */
  static CharSpelling jsonString(GraphBuilder graph) {
    return new CharSpelling(graph, true);
  }

  /** One character of the set. */
  int any(CodePoints set, int next) {
    if (set.ranges() == 1 && set.first(0) == set.last(0)) {
      return spelled(set, next);
    }
    return graph.call(rule(set), next);
  }

  /** The rule for one character of the set. */
  int rule(CodePoints set) {
    Integer known = rules.get(set);
    if (known == null) {
      known = spelled(set, graph.end());
      rules.put(set, known);
    }
    return known;
  }

  /** The characters of a text, each in any of its spellings. */
  int literal(String text, int next) {
    int node = next;
    int[] codePoints = text.codePoints().toArray();
    for (int i = codePoints.length - 1; i >= 0; i--) {
      node = any(CodePoints.of(codePoints[i]), node);
    }
    return node;
  }

  private int spelled(CodePoints set, int next) {
    List<Integer> ways = new ArrayList<>();
    CodePoints asItself = json ? set.minus(ESCAPED_ALWAYS) : set;
    for (int i = 0; i < asItself.ranges(); i++) {
      utf8(asItself.first(i), asItself.last(i), next, ways);
    }
    if (json) {
      int escape = escaped(set, next);
      if (escape >= 0) {
        ways.add(graph.bytes('\\', '\\', escape));
      }
    }
    return ways.isEmpty() ? graph.nothing() : graph.choice(ways);
  }

  private void utf8(int first, int last, int next, List<Integer> ways) {
    int from = first;
    for (int end : UTF8_LENGTH_ENDS) {
      int to = Math.min(last, end - 1);
      if (from <= to) {
        ways.add(
            new DigitRange(graph, 0x80, 0xbf, (i, low, high, then) -> graph.bytes(low, high, then))
                .between(bytes(from), bytes(to), next));
        from = to + 1;
      }
    }
  }

  private static int[] bytes(int codePoint) {
    byte[] utf8 = Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
    int[] bytes = new int[utf8.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = utf8[i] & 0xff;
    }
    return bytes;
  }

  /** What may follow a backslash, or -1. */
  private int escaped(CodePoints set, int next) {
    List<Integer> ways = new ArrayList<>();
    for (int i = 0; i < SHORT_ESCAPED.length(); i++) {
      if (set.contains(SHORT_ESCAPED.charAt(i))) {
        ways.add(graph.bytes(SHORT_ESCAPES.charAt(i), SHORT_ESCAPES.charAt(i), next));
      }
    }
    List<Integer> numbers = new ArrayList<>();
    // Where every character may stand, the unusual spellings may too.
    CodePoints numbered = set.equals(CodePoints.ALL) ? set : set.intersect(ESCAPED_BY_NUMBER);
    for (int i = 0; i < numbered.ranges(); i++) {
      int first = numbered.first(i);
      int last = numbered.last(i);
      if (first <= 0xffff) {
        numbers.add(hex(first, Math.min(last, 0xffff), next));
      }
      if (last > 0xffff) {
        numbers.add(surrogates(Math.max(first, 0x10000), last, next));
      }
    }
    if (!numbers.isEmpty()) {
      ways.add(graph.bytes('u', 'u', graph.choice(numbers)));
    }
    return ways.isEmpty() ? -1 : graph.choice(ways);
  }

  /** Four hexadecimal digits, of either case. */
  private int hex(int first, int last, int next) {
    return new DigitRange(graph, 0, 15, (i, low, high, then) -> hexDigit(low, high, then))
        .between(nibbles(first), nibbles(last), next);
  }

  private int hexDigit(int low, int high, int next) {
    List<Integer> ways = new ArrayList<>();
    if (low <= 9) {
      ways.add(graph.bytes('0' + low, '0' + Math.min(high, 9), next));
    }
    if (high >= 10) {
      int from = Math.max(low, 10) - 10;
      ways.add(graph.bytes('a' + from, 'a' + high - 10, next));
      ways.add(graph.bytes('A' + from, 'A' + high - 10, next));
    }
    return graph.choice(ways);
  }

  private static int[] nibbles(int value) {
    return new int[] {value >> 12, (value >> 8) & 15, (value >> 4) & 15, value & 15};
  }

  /** After a first {@code \}{@code u}. */
  private int surrogates(int first, int last, int next) {
    return new DigitRange(
            graph,
            0,
            0x3ff,
            (i, low, high, then) ->
                i == 0
                    ? hex(0xd800 + low, 0xd800 + high, graph.ascii("\\u", then))
                    : hex(0xdc00 + low, 0xdc00 + high, then))
        .between(halves(first), halves(last), next);
  }

  private static int[] halves(int codePoint) {
    return new int[] {
      Character.highSurrogate(codePoint) - 0xd800, Character.lowSurrogate(codePoint) - 0xdc00
    };
  }
}
