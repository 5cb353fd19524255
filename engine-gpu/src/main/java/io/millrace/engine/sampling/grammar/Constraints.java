package io.millrace.engine.sampling.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.engine.sampling.grammar.SchemaDocument.SubSchema;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What one schema object, or several that must hold at once, asks of a value. What is null or empty
 * asks for nothing. {@link ConstraintsReader} fills it.
 */
final class Constraints {
  /** Null for any type that the other keywords are about. */
  Set<JsonType> types;

  /** Null for any value. */
  List<JsonNode> values;

  // Of objects. Schemas are lists of which all must hold; an empty one allows anything.
  Map<String, List<SubSchema>> properties = new LinkedHashMap<>();
  boolean propertiesGiven;
  Map<String, List<SubSchema>> patternProperties = new LinkedHashMap<>();
  Set<String> required = new LinkedHashSet<>();

  /** Null if nothing is said. */
  List<SubSchema> additionalProperties;

  // Of arrays.
  List<List<SubSchema>> prefixItems = new ArrayList<>();

  /** Null if nothing is said. */
  List<SubSchema> items;

  int itemsMin;
  int itemsMax = GrammarGraph.UNBOUNDED;

  // Of strings.
  List<Regex> patterns = new ArrayList<>();
  int lengthMin;
  int lengthMax = GrammarGraph.UNBOUNDED;

  // Of numbers.
  NumberRange range = NumberRange.ALL;
  List<BigDecimal> multiplesOf = new ArrayList<>();

  /** Types that the keywords are about. */
  Set<JsonType> concerned = EnumSet.noneOf(JsonType.class);

  SubSchema where;

  /** The types that a value may have. Without {@code type}, those that the keywords are about. */
  Set<JsonType> effectiveTypes() {
    if (types != null) {
      return types;
    }
    return concerned.isEmpty() ? EnumSet.allOf(JsonType.class) : concerned;
  }

  /**
   * What holds if both hold.
   *
   * @throws GrammarException if that cannot be said
   */
  Constraints and(Constraints other) {
    Constraints both = new Constraints();
    both.where = where;
    both.types = common(types, other.types);
    both.values =
        values == null
            ? other.values
            : other.values == null ? values : JsonValues.common(values, other.values);
    both.concerned.addAll(concerned);
    both.concerned.addAll(other.concerned);
    both.mergeObjects(this, other);
    both.mergeArrays(this, other);
    both.patterns.addAll(patterns);
    both.patterns.addAll(other.patterns);
    both.lengthMin = Math.max(lengthMin, other.lengthMin);
    both.lengthMax = Math.min(lengthMax, other.lengthMax);
    both.range = range.intersect(other.range);
    both.multiplesOf.addAll(multiplesOf);
    both.multiplesOf.addAll(other.multiplesOf);
    return both;
  }

  private static Set<JsonType> common(Set<JsonType> a, Set<JsonType> b) {
    if (a == null || b == null) {
      return a == null ? b : a;
    }
    Set<JsonType> common = EnumSet.noneOf(JsonType.class);
    for (JsonType type : JsonType.values()) {
      boolean integer = type == JsonType.INTEGER;
      boolean inA = a.contains(type) || (integer && a.contains(JsonType.NUMBER));
      boolean inB = b.contains(type) || (integer && b.contains(JsonType.NUMBER));
      if (inA && inB) {
        common.add(type);
      }
    }
    return common;
  }

  private void mergeObjects(Constraints a, Constraints b) {
    if ((!a.patternProperties.isEmpty() && b.saysProperties())
        || (!b.patternProperties.isEmpty() && a.saysProperties())) {
      throw where.error(
          "combines patternProperties with another schema's properties, which is not supported");
    }
    propertiesGiven = a.propertiesGiven || b.propertiesGiven;
    patternProperties.putAll(a.patternProperties);
    patternProperties.putAll(b.patternProperties);
    required.addAll(a.required);
    required.addAll(b.required);
    additionalProperties = joined(a.additionalProperties, b.additionalProperties);
    Set<String> names = new LinkedHashSet<>(a.properties.keySet());
    names.addAll(b.properties.keySet());
    for (String name : names) {
      properties.put(name, joined(a.property(name), b.property(name)));
    }
  }

  private boolean saysProperties() {
    return propertiesGiven || additionalProperties != null || !patternProperties.isEmpty();
  }

  /** What is said of a property; an empty list if nothing. */
  private List<SubSchema> property(String name) {
    List<SubSchema> said = properties.getOrDefault(name, additionalProperties);
    return said == null ? List.of() : said;
  }

  private void mergeArrays(Constraints a, Constraints b) {
    itemsMin = Math.max(a.itemsMin, b.itemsMin);
    itemsMax = Math.min(a.itemsMax, b.itemsMax);
    items = joined(a.items, b.items);
    for (int i = 0; i < Math.max(a.prefixItems.size(), b.prefixItems.size()); i++) {
      prefixItems.add(joined(a.item(i), b.item(i)));
    }
  }

  private List<SubSchema> item(int index) {
    if (index < prefixItems.size()) {
      return prefixItems.get(index);
    }
    return items == null ? List.of() : items;
  }

  private static List<SubSchema> joined(List<SubSchema> a, List<SubSchema> b) {
    if (a == null || b == null) {
      return a == null ? b : a;
    }
    Set<SubSchema> joined = new LinkedHashSet<>(a);
    joined.addAll(b);
    return List.copyOf(joined);
  }
}
