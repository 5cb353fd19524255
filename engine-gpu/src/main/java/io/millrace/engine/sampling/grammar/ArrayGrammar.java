package io.millrace.engine.sampling.grammar;

import io.millrace.engine.sampling.grammar.SchemaDocument.SubSchema;
import java.util.ArrayList;
import java.util.List;

/** Arrays of items that schemas describe, one by one or all alike. */
final class ArrayGrammar {
  private final SchemaCompiler schemas;
  private final JsonGrammar json;
  private final GraphBuilder graph;
  private final List<List<SubSchema>> prefix;

  /** Of the items after the prefix; null if there are none. */
  private final List<SubSchema> rest;

  private final int min;
  private final int max;

  ArrayGrammar(SchemaCompiler schemas, Constraints constraints) {
    this.schemas = schemas;
    this.json = schemas.json();
    this.graph = json.graph();
    this.prefix = constraints.prefixItems;
    boolean complete = constraints.items == null && !prefix.isEmpty();
    this.rest = complete ? null : constraints.items == null ? List.of() : constraints.items;
    this.min = constraints.itemsMin;
    this.max =
        Math.min(constraints.itemsMax, rest == null ? prefix.size() : GrammarGraph.UNBOUNDED);
  }

  int write(int next) {
    if (min > max) {
      return graph.nothing();
    }
    int close = graph.bytes(']', ']', next);
    List<Integer> ways = new ArrayList<>();
    if (min == 0) {
      ways.add(close);
    }
    if (max > 0) {
      ways.add(item(0, afterFirst(close)));
    }
    return graph.bytes('[', '[', json.whitespace(graph.split(ways)));
  }

  /** What may follow the first item. */
  private int afterFirst(int close) {
    int listed = Math.min(max, Math.max(1, prefix.size()));
    int node = json.whitespace(close);
    if (max > listed) {
      node =
          more(Math.max(0, min - listed), max == GrammarGraph.UNBOUNDED ? max : max - listed, node);
    } else if (listed < min) {
      node = graph.nothing();
    }
    for (int i = listed - 1; i >= 1; i--) {
      int item = json.whitespace(json.comma(item(i, node)));
      node = i >= min ? graph.split(List.of(json.whitespace(close), item)) : item;
    }
    return node;
  }

  /** Items beyond the listed ones, each with the comma before it. */
  private int more(int least, int most, int next) {
    if (least == 0 && most == GrammarGraph.UNBOUNDED) {
      int loop = graph.hole();
      int again = json.whitespace(json.comma(schemas.value(rest, loop)));
      graph.fill(loop, graph.split(List.of(next, again)));
      return loop;
    }
    int item = json.whitespace(json.comma(schemas.value(rest, graph.end())));
    return graph.repeat(item, least, most, next);
  }

  private int item(int index, int next) {
    return schemas.value(index < prefix.size() ? prefix.get(index) : rest, next);
  }
}
