package io.millrace.engine.sampling.grammar;

import io.millrace.engine.sampling.grammar.SchemaDocument.SubSchema;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Objects: the named properties in their order, then any number of others whose names none of them
 * has.
 */
final class ObjectGrammar {
  private static final int PROPERTIES_MAX = 1000;
  private static final int PATTERNS_MAX = 4;

  private final SchemaCompiler schemas;
  private final JsonGrammar json;
  private final GraphBuilder graph;
  private final Constraints constraints;

  /** Named properties, those among them that are only required. */
  private final Map<String, List<SubSchema>> named = new LinkedHashMap<>();

  /** Of names that no pattern matches; null if there may be none. */
  private final List<SubSchema> additional;

  private final List<CharAutomaton> patterns = new ArrayList<>();
  private final List<List<SubSchema>> patternSchemas = new ArrayList<>();

  ObjectGrammar(SchemaCompiler schemas, Constraints constraints) {
    this.schemas = schemas;
    this.json = schemas.json();
    this.graph = json.graph();
    this.constraints = constraints;
    boolean complete = constraints.propertiesGiven || !constraints.patternProperties.isEmpty();
    this.additional =
        constraints.additionalProperties != null
            ? constraints.additionalProperties
            : complete ? null : List.of();
    if (constraints.patternProperties.size() > PATTERNS_MAX) {
      throw constraints.where.error("has more than " + PATTERNS_MAX + " patternProperties");
    }
    constraints.patternProperties.forEach(
        (pattern, of) -> {
          CharAutomaton automaton = CharAutomaton.of(pattern(pattern));
          graph.spend(automaton.cost());
          patterns.add(automaton);
          patternSchemas.add(of);
        });
    nameProperties();
  }

  private Regex pattern(String pattern) {
    try {
      return RegexParser.search(pattern);
    } catch (GrammarException e) {
      throw constraints.where.child("patternProperties").error("cannot be used: " + e.getMessage());
    }
  }

  private void nameProperties() {
    Set<String> names = new LinkedHashSet<>(constraints.properties.keySet());
    names.addAll(constraints.required);
    if (names.size() > PROPERTIES_MAX) {
      throw constraints.where.error("has more than " + PROPERTIES_MAX + " properties");
    }
    for (String name : names) {
      Set<SubSchema> all =
          new LinkedHashSet<>(constraints.properties.getOrDefault(name, List.of()));
      boolean said = constraints.properties.containsKey(name);
      for (int i = 0; i < patterns.size(); i++) {
        if (patterns.get(i).accepts(name)) {
          all.addAll(patternSchemas.get(i));
          said = true;
        }
      }
      if (!said && constraints.additionalProperties != null) {
        all.addAll(constraints.additionalProperties);
      }
      named.put(name, List.copyOf(all));
    }
  }

  int write(int next) {
    int close = graph.bytes('}', '}', next);
    List<String> names = List.copyOf(named.keySet());
    // From the last property to the first: what may follow it, and the ways to write one more.
    int more = others(close);
    boolean mayClose = true;
    for (int i = names.size() - 1; i >= 0; i--) {
      String name = names.get(i);
      int property = property(name, after(mayClose, close, more));
      boolean required = constraints.required.contains(name);
      more = required ? property : graph.split(List.of(property, more));
      mayClose &= !required;
    }
    List<Integer> first = new ArrayList<>(List.of(more));
    if (mayClose) {
      first.add(close);
    }
    return graph.bytes('{', '{', json.whitespace(graph.split(first)));
  }

  /** After a property. */
  private int after(boolean mayClose, int close, int more) {
    List<Integer> ways = new ArrayList<>(List.of(json.comma(more)));
    if (mayClose) {
      ways.add(close);
    }
    return json.whitespace(graph.split(ways));
  }

  private int property(String name, int next) {
    return json.string(
        (g, spelling, then) -> spelling.literal(name, then),
        json.colon(schemas.value(named.get(name), next)));
  }

  /** One or more properties that are not named. */
  private int others(int close) {
    int loop = graph.hole();
    int next = after(true, close, loop);
    List<Integer> ways = new ArrayList<>();
    for (int matched = 0; matched < 1 << patterns.size(); matched++) {
      List<SubSchema> all = schemas(matched);
      if (all != null) {
        int value = json.colon(schemas.value(all, next));
        ways.add(name(matched, value));
      }
    }
    graph.fill(loop, ways.isEmpty() ? graph.nothing() : graph.split(ways));
    return loop;
  }

  /** What holds for names that just these patterns match; null if there may be none. */
  private List<SubSchema> schemas(int matched) {
    if (matched == 0) {
      return additional;
    }
    Set<SubSchema> all = new LinkedHashSet<>();
    for (int i = 0; i < patterns.size(); i++) {
      if ((matched >> i & 1) != 0) {
        all.addAll(patternSchemas.get(i));
      }
    }
    return List.copyOf(all);
  }

  /** A name that just these patterns match, and that no named property has. */
  private int name(int matched, int next) {
    if (patterns.isEmpty() && named.isEmpty()) {
      return json.string(0, GrammarGraph.UNBOUNDED, next);
    }
    List<Regex> taken = new ArrayList<>();
    named.keySet().forEach(name -> taken.add(Regex.literal(name)));
    CharAutomaton names = CharAutomaton.of(new Regex.Choice(taken)).complement();
    for (int i = 0; i < patterns.size(); i++) {
      boolean matches = (matched >> i & 1) != 0;
      names = names.intersect(matches ? patterns.get(i) : patterns.get(i).complement());
    }
    return json.string(names::write, next);
  }
}
