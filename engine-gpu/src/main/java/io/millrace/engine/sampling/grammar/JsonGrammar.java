package io.millrace.engine.sampling.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * JSON as models write it (RFC 8259), with bounds where a model could go on for ever: between two
 * tokens of JSON at most two spaces, or a line end and {@link #INDENT_MAX} spaces or tabs; numbers
 * of at most {@link #DIGITS_MAX} digits before and after the point, and exponents of two.
 */
final class JsonGrammar {
  static final int INDENT_MAX = 64;
  static final int DIGITS_MAX = 18;

  static final CodePoints DIGITS = CodePoints.range('0', '9');

  private final GraphBuilder graph;
  private final CharSpelling strings;
  private int whitespace = -1;
  private int value = -1;
  private int object = -1;
  private int array = -1;

  JsonGrammar(GraphBuilder graph) {
    this.graph = graph;
    this.strings = CharSpelling.jsonString(graph);
  }

  GraphBuilder graph() {
    return graph;
  }

  CharSpelling strings() {
    return strings;
  }

  /** A whole text: white space, as some vocabularies begin with it, then one value. */
  int document(BiFunction<JsonGrammar, Integer, Integer> content) {
    return whitespace(content.apply(this, graph.end()));
  }

  int whitespace(int next) {
    if (whitespace < 0) {
      int end = graph.end();
      int indent =
          new Regex.Repeat(new Regex.Chars(CodePoints.anyOf(" \t")), 0, INDENT_MAX)
              .write(graph, strings(graph), end);
      int line = graph.bytes('\n', '\n', indent);
      whitespace =
          graph.split(
              List.of(
                  end,
                  graph.bytes(' ', ' ', graph.choice(end, graph.bytes(' ', ' ', end))),
                  line,
                  graph.bytes('\r', '\r', line)));
    }
    return graph.call(whitespace, next);
  }

  /** White space is no part of strings: spelled as it is. */
  private static CharSpelling strings(GraphBuilder graph) {
    return CharSpelling.utf8(graph);
  }

  /** A comma and white space behind it. */
  int comma(int next) {
    return graph.bytes(',', ',', whitespace(next));
  }

  /** A colon and white space on both sides. */
  int colon(int next) {
    return whitespace(graph.bytes(':', ':', whitespace(next)));
  }

  /** Any value. */
  int value(int next) {
    if (value < 0) {
      value = graph.hole();
      int end = graph.end();
      graph.fill(
          value,
          graph.split(
              List.of(
                  object(end),
                  array(end),
                  string(0, GrammarGraph.UNBOUNDED, end),
                  number(end),
                  literal("true", end),
                  literal("false", end),
                  literal("null", end))));
    }
    return graph.call(value, next);
  }

  /** Any object. */
  int object(int next) {
    if (object < 0) {
      object = graph.hole();
      int end = graph.end();
      int close = graph.bytes('}', '}', end);
      int member = graph.hole();
      int more = whitespace(graph.split(List.of(close, comma(member))));
      graph.fill(member, string(0, GrammarGraph.UNBOUNDED, colon(value(more))));
      graph.fill(object, graph.bytes('{', '{', whitespace(graph.split(List.of(close, member)))));
    }
    return graph.call(object, next);
  }

  /** Any array. */
  int array(int next) {
    if (array < 0) {
      array = graph.hole();
      int end = graph.end();
      int close = graph.bytes(']', ']', end);
      int item = graph.hole();
      int more = whitespace(graph.split(List.of(close, comma(item))));
      graph.fill(item, value(more));
      graph.fill(array, graph.bytes('[', '[', whitespace(graph.split(List.of(close, item)))));
    }
    return graph.call(array, next);
  }

  /** A string of so many characters. */
  int string(int min, int max, int next) {
    return string(new Regex.Repeat(new Regex.Chars(CodePoints.ALL), min, max)::write, next);
  }

  /** Writes what stands between two quotation marks. */
  @FunctionalInterface
  interface Content {
    int write(GraphBuilder graph, CharSpelling spelling, int next);
  }

  int string(Content content, int next) {
    return graph.bytes('"', '"', content.write(graph, strings, graph.bytes('"', '"', next)));
  }

  int number(int next) {
    int exponentDigits = digits(1, 2, next);
    int sign =
        graph.choice(
            exponentDigits,
            graph.choice(
                graph.bytes('+', '+', exponentDigits), graph.bytes('-', '-', exponentDigits)));
    int exponent = graph.choice(graph.bytes('e', 'e', sign), graph.bytes('E', 'E', sign));
    int afterFraction = graph.split(List.of(next, exponent));
    int fraction = graph.bytes('.', '.', digits(1, DIGITS_MAX, afterFraction));
    return signed(wholePart(graph.split(List.of(afterFraction, fraction))));
  }

  int integer(int next) {
    return signed(wholePart(next));
  }

  private int signed(int digits) {
    return graph.split(List.of(digits, graph.bytes('-', '-', digits)));
  }

  private int wholePart(int next) {
    return graph.split(
        List.of(
            graph.bytes('0', '0', next), graph.bytes('1', '9', digits(0, DIGITS_MAX - 1, next))));
  }

  private int digits(int min, int max, int next) {
    return new Regex.Repeat(new Regex.Chars(DIGITS), min, max).write(graph, strings, next);
  }

  /** Characters of ASCII as they stand. */
  int literal(String text, int next) {
    return graph.ascii(text, next);
  }

  /** One value, in any spelling and with any white space. */
  int constant(JsonNode node, int next) {
    if (node.isTextual()) {
      return string((g, spelling, then) -> spelling.literal(node.textValue(), then), next);
    }
    if (node.isObject()) {
      List<Map.Entry<String, JsonNode>> entries = new ArrayList<>(node.properties());
      return list(
          '{',
          '}',
          entries,
          next,
          (entry, then) ->
              string(
                  (g, spelling, end) -> spelling.literal(entry.getKey(), end),
                  colon(constant(entry.getValue(), then))));
    }
    if (node.isArray()) {
      List<JsonNode> items = new ArrayList<>();
      node.forEach(items::add);
      return list('[', ']', items, next, this::constant);
    }
    return literal(node.toString(), next);
  }

  private <T> int list(
      char open, char close, List<T> items, int next, BiFunction<T, Integer, Integer> write) {
    int node = whitespace(graph.bytes(close, close, next));
    for (int i = items.size() - 1; i >= 0; i--) {
      int item = write.apply(items.get(i), node);
      node = i == 0 ? whitespace(item) : whitespace(comma(item));
    }
    return graph.bytes(open, open, node);
  }

  /** Any of the values. */
  int constants(List<JsonNode> nodes, int next) {
    List<Integer> ways = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    List<byte[]> others = new ArrayList<>();
    for (JsonNode node : nodes) {
      if (node.isTextual()) {
        texts.add(node.textValue());
      } else if (node.isValueNode()) {
        others.add(node.toString().getBytes(StandardCharsets.US_ASCII));
      } else {
        ways.add(constant(node, next));
      }
    }
    if (!others.isEmpty()) {
      ways.add(LiteralTrie.write(graph, others, next));
    }
    if (!texts.isEmpty()) {
      ways.add(string((g, spelling, then) -> LiteralTrie.write(g, spelling, texts, then), next));
    }
    return ways.isEmpty() ? graph.nothing() : graph.choice(ways);
  }
}
