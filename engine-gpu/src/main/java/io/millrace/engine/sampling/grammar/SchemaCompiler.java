package io.millrace.engine.sampling.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.engine.sampling.grammar.SchemaDocument.SubSchema;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compiles a JSON schema: to each set of schemas that must hold at one place, one rule of the
 * graph. So recursion needs no end, and what is referred to often is there once.
 *
 * <p>An answer is always one that the schema allows, as far as an automaton can see to it; not
 * every value that the schema allows can be written:
 *
 * <ul>
 *   <li>Properties come in the schema's order. Those not required may be left out.
 *   <li>What a schema does not mention is not written: a list of properties (or {@code
 *       prefixItems}) that does not say {@code additionalProperties} (or {@code items}) is taken to
 *       be complete, and a schema without {@code type} means the types that its keywords are about.
 *   <li>{@code oneOf} is taken for {@code anyOf}.
 *   <li>Numbers and white space have the bounds of {@link JsonGrammar}; numbers with a bound or a
 *       {@code multipleOf} have no exponent.
 * </ul>
 */
final class SchemaCompiler {
  private final SchemaDocument document;
  private final JsonGrammar json;
  private final GraphBuilder graph;
  private final SchemaAlternatives alternatives;
  private final Map<Set<SubSchema>, Integer> rules = new HashMap<>();

  /** Rules that are called and not yet written. */
  private final Deque<Runnable> pending = new ArrayDeque<>();

  SchemaCompiler(GraphBuilder graph, SchemaDocument document) {
    this.document = document;
    this.json = new JsonGrammar(graph);
    this.graph = graph;
    this.alternatives = new SchemaAlternatives(document);
  }

  /** The whole text; returns the node to enter by. */
  int document() {
    int start = json.document((j, next) -> value(List.of(document.whole()), next));
    while (!pending.isEmpty()) {
      pending.removeFirst().run();
    }
    return start;
  }

  JsonGrammar json() {
    return json;
  }

  /** A value that all the schemas allow; any, if there are none. */
  int value(List<SubSchema> schemas, int next) {
    boolean any = schemas.stream().allMatch(s -> s.node().isBoolean() && s.node().booleanValue());
    if (any) {
      return json.value(next);
    }
    Integer rule = rules.get(Set.copyOf(schemas));
    if (rule == null) {
      int hole = graph.hole();
      rule = hole;
      rules.put(Set.copyOf(schemas), rule);
      pending.add(() -> graph.fill(hole, rule(schemas)));
    }
    return graph.call(rule, next);
  }

  private int rule(List<SubSchema> schemas) {
    List<Integer> ways = new ArrayList<>();
    for (Constraints constraints : alternatives.of(schemas)) {
      ways.add(value(constraints, graph.end()));
    }
    return ways.isEmpty() ? graph.nothing() : graph.choice(ways);
  }

  private int value(Constraints constraints, int next) {
    if (constraints.values != null) {
      return json.constants(allowed(constraints), next);
    }
    List<Integer> ways = new ArrayList<>();
    for (JsonType type : constraints.effectiveTypes()) {
      ways.add(ofType(type, constraints, next));
    }
    return ways.isEmpty() ? graph.nothing() : graph.choice(ways);
  }

  private int ofType(JsonType type, Constraints constraints, int next) {
    return switch (type) {
      case NULL -> json.literal("null", next);
      case BOOLEAN -> graph.choice(json.literal("true", next), json.literal("false", next));
      case INTEGER ->
          // A number may be one.
          constraints.effectiveTypes().contains(JsonType.NUMBER)
              ? graph.nothing()
              : NumberGrammar.write(json, constraints, true, next);
      case NUMBER -> NumberGrammar.write(json, constraints, false, next);
      case STRING -> StringGrammar.write(json, constraints, next);
      case ARRAY -> new ArrayGrammar(this, constraints).write(next);
      case OBJECT -> new ObjectGrammar(this, constraints).write(next);
    };
  }

  /** Those of the listed values that the other keywords allow. */
  private List<JsonNode> allowed(Constraints constraints) {
    List<JsonNode> ofType =
        constraints.types == null
            ? constraints.values
            : constraints.values.stream()
                .filter(value -> JsonValues.hasType(value, constraints.types))
                .toList();
    if (constraints.concerned.isEmpty()) {
      return ofType;
    }
    List<JsonNode> allowed = new ArrayList<>();
    PushdownAutomaton strings = null;
    PushdownAutomaton numbers = null;
    for (JsonNode value : ofType) {
      boolean fits = true;
      if (value.isTextual()) {
        strings = strings == null ? alone(constraints, JsonType.STRING) : strings;
        fits = accepts(strings, value);
      } else if (value.isNumber()) {
        numbers = numbers == null ? alone(constraints, JsonType.NUMBER) : numbers;
        fits = accepts(numbers, value);
      } else if (value.isContainerNode()
          && (constraints.concerned.contains(JsonType.OBJECT)
              || constraints.concerned.contains(JsonType.ARRAY))) {
        throw constraints.where.error(
            "lists objects or arrays as values besides other keywords, which is not supported");
      }
      if (fits) {
        allowed.add(value);
      }
    }
    return allowed;
  }

  private static boolean accepts(PushdownAutomaton automaton, JsonNode value) {
    return automaton.accepts(value.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Reads values of a type as the other keywords allow them. */
  private PushdownAutomaton alone(Constraints constraints, JsonType type) {
    GraphBuilder other = new GraphBuilder();
    JsonGrammar values = new JsonGrammar(other);
    int start =
        type == JsonType.STRING
            ? StringGrammar.write(values, constraints, other.end())
            : NumberGrammar.write(values, constraints, false, other.end());
    graph.spend(other.spent());
    // A text that is no JSON: an automaton of nothing at all cannot be built.
    return new PushdownAutomaton(other.build(other.choice(start, other.ascii("-", other.end()))));
  }
}
