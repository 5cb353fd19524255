package io.millrace.engine.sampling.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.engine.sampling.grammar.SchemaDocument.SubSchema;
import java.util.ArrayList;
import java.util.List;

/**
 * Multiplies out {@code $ref}, {@code allOf}, {@code anyOf} and {@code oneOf}: schemas that must
 * all hold become alternatives, each one set of constraints. {@code oneOf} is taken for {@code
 * anyOf}: that only one of them holds is for the schema's writer to see to.
 */
final class SchemaAlternatives {
  private static final int ALTERNATIVES_MAX = 1000;
  private static final int EXPANSIONS_MAX = 20_000;
  private static final int REFERENCES_MAX = 100;

  private final SchemaDocument document;
  private int expansions;

  SchemaAlternatives(SchemaDocument document) {
    this.document = document;
  }

  /**
   * @param schemas at least one; all must hold
   * @return none if no value can satisfy them
   * @throws GrammarException if that cannot be followed
   */
  List<Constraints> of(List<SubSchema> schemas) {
    List<Constraints> all = List.of(new Constraints());
    all.get(0).where = schemas.get(0);
    for (SubSchema schema : schemas) {
      all = product(schema, all, expand(schema, List.of()));
    }
    return all;
  }

  private List<Constraints> expand(SubSchema schema, List<String> references) {
    if (++expansions > EXPANSIONS_MAX) {
      throw schema.error("is reached in too many ways");
    }
    JsonNode node = schema.node();
    if (node.isBoolean()) {
      Constraints anything = new Constraints();
      anything.where = schema;
      return node.booleanValue() ? List.of(anything) : List.of();
    }
    if (!node.isObject()) {
      throw schema.error("is not a schema");
    }
    List<Constraints> all = List.of(ConstraintsReader.read(schema));
    if (node.has("$ref")) {
      all = product(schema, all, referenced(schema, references));
    }
    for (int i = 0; i < list(schema, "allOf").size(); i++) {
      all = product(schema, all, expand(schema.child("allOf", i), references));
    }
    for (String keyword : List.of("anyOf", "oneOf")) {
      if (node.has(keyword)) {
        List<Constraints> any = new ArrayList<>();
        for (int i = 0; i < list(schema, keyword).size(); i++) {
          any.addAll(expand(schema.child(keyword, i), references));
        }
        all = product(schema, all, any);
      }
    }
    return all;
  }

  private List<Constraints> referenced(SubSchema schema, List<String> references) {
    JsonNode reference = schema.node().get("$ref");
    if (!reference.isTextual()) {
      throw schema.error("has a $ref that is not a string");
    }
    SubSchema target = document.resolve(schema, reference.textValue());
    if (references.contains(target.pointer())) {
      throw schema.error("has a $ref that leads back to itself");
    }
    if (references.size() == REFERENCES_MAX) {
      throw schema.error("has a chain of more than " + REFERENCES_MAX + " $ref");
    }
    List<String> path = new ArrayList<>(references);
    path.add(target.pointer());
    return expand(target, path);
  }

  private static JsonNode list(SubSchema schema, String keyword) {
    JsonNode list = schema.node().path(keyword);
    if (!list.isMissingNode() && (!list.isArray() || list.isEmpty())) {
      throw schema.error("has " + keyword + " that is not a list of schemas");
    }
    return list;
  }

  private static List<Constraints> product(
      SubSchema schema, List<Constraints> left, List<Constraints> right) {
    if ((long) left.size() * right.size() > ALTERNATIVES_MAX) {
      throw schema.error("has more than " + ALTERNATIVES_MAX + " alternatives multiplied out");
    }
    List<Constraints> product = new ArrayList<>();
    for (Constraints a : left) {
      for (Constraints b : right) {
        product.add(a.and(b));
      }
    }
    return product;
  }
}
