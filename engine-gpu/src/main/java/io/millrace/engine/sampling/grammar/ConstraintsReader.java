package io.millrace.engine.sampling.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.engine.sampling.grammar.SchemaDocument.SubSchema;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Reads the keywords of one schema object that speak of a value directly; {@link
 * SchemaAlternatives} sees to those that combine schemas. A keyword that is not known here, there
 * or as a mere remark is refused: ignored, it would let through what its writer meant to exclude.
 */
final class ConstraintsReader {
  /** Those that {@link SchemaAlternatives} reads. */
  private static final Set<String> COMBINING = Set.of("$ref", "allOf", "anyOf", "oneOf");

  /** Those that say nothing about which values are allowed. */
  private static final Set<String> REMARKS =
      Set.of(
          "$schema",
          "$id",
          "id",
          "$comment",
          "$defs",
          "definitions",
          "title",
          "description",
          "default",
          "example",
          "examples",
          "deprecated",
          "readOnly",
          "writeOnly",
          "contentEncoding",
          "contentMediaType",
          "discriminator",
          "additionalItems");

  private static final int COUNT_MAX = 100_000;

  private final SubSchema schema;
  private final Constraints constraints = new Constraints();
  private boolean minExclusive;
  private boolean maxExclusive;

  private ConstraintsReader(SubSchema schema) {
    this.schema = schema;
    constraints.where = schema;
  }

  /**
   * @throws GrammarException naming the keyword that cannot be followed, and where it stands
   */
  static Constraints read(SubSchema schema) {
    ConstraintsReader reader = new ConstraintsReader(schema);
    // Draft 4's: they say how minimum and maximum are meant.
    reader.minExclusive = schema.node().path("exclusiveMinimum").asBoolean(false);
    reader.maxExclusive = schema.node().path("exclusiveMaximum").asBoolean(false);
    for (var entry : schema.node().properties()) {
      reader.read(entry.getKey(), entry.getValue());
    }
    reader.readNullable();
    return reader.constraints;
  }

  private void read(String keyword, JsonNode value) {
    switch (keyword) {
      case "type" -> constraints.types = types(value);
      case "enum" -> constraints.values = values(value);
      case "const" -> constraints.values = meet(List.of(value));
      case "nullable" -> require(value.isBoolean(), keyword, "true or false");
      case "properties", "required", "additionalProperties", "patternProperties" -> {
        constraints.concerned.add(JsonType.OBJECT);
        readObject(keyword, value);
      }
      case "items", "prefixItems", "minItems", "maxItems" -> {
        constraints.concerned.add(JsonType.ARRAY);
        readArray(keyword, value);
      }
      case "minLength", "maxLength", "pattern" -> {
        constraints.concerned.add(JsonType.STRING);
        readString(keyword, value);
      }
      case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf" -> {
        constraints.concerned.add(JsonType.NUMBER);
        readNumber(keyword, value);
      }
      case "format" -> readFormat(value);
      default -> readOther(keyword, value);
    }
  }

  /** What says nothing where it stands is no reason to refuse a schema. */
  private void readOther(String keyword, JsonNode value) {
    boolean neutral =
        COMBINING.contains(keyword)
            || REMARKS.contains(keyword)
            || keyword.startsWith("x-")
            || (keyword.equals("uniqueItems") && value.isBoolean() && !value.booleanValue())
            || (keyword.equals("minProperties") && value.isNumber() && value.intValue() == 0);
    if (!neutral) {
      String name = keyword.length() > 64 ? keyword.substring(0, 64) + "..." : keyword;
      throw schema.error("has the keyword " + JsonText.quoted(name) + ", which is not supported");
    }
  }

  /** OpenAPI's. */
  private void readNullable() {
    if (schema.node().path("nullable").asBoolean(false) && constraints.types != null) {
      constraints.types.add(JsonType.NULL);
    }
  }

  private Set<JsonType> types(JsonNode value) {
    Set<JsonType> types = EnumSet.noneOf(JsonType.class);
    for (JsonNode name : value.isArray() ? value : List.of(value)) {
      JsonType type = null;
      for (JsonType known : JsonType.values()) {
        if (known.name().toLowerCase(Locale.ROOT).equals(name.textValue())) {
          type = known;
        }
      }
      require(type != null, "type", "one or several of JSON schema's seven types");
      types.add(type);
    }
    return types;
  }

  private List<JsonNode> values(JsonNode value) {
    require(value.isArray(), "enum", "a list");
    List<JsonNode> values = new ArrayList<>();
    value.forEach(values::add);
    return meet(values);
  }

  private List<JsonNode> meet(List<JsonNode> values) {
    return constraints.values == null ? values : JsonValues.common(constraints.values, values);
  }

  private void readObject(String keyword, JsonNode value) {
    if (keyword.equals("required")) {
      // Draft 3 had a boolean here.
      require(value.isArray(), keyword, "a list of names");
      for (JsonNode name : value) {
        require(name.isTextual(), keyword, "a list of names");
        constraints.required.add(name.textValue());
      }
      return;
    }
    if (keyword.equals("additionalProperties")) {
      constraints.additionalProperties = List.of(subSchema(keyword));
      return;
    }
    require(value.isObject(), keyword, "an object");
    constraints.propertiesGiven |= keyword.equals("properties");
    var into =
        keyword.equals("properties") ? constraints.properties : constraints.patternProperties;
    for (var entry : value.properties()) {
      into.put(entry.getKey(), List.of(checked(schema.child(keyword, entry.getKey()), keyword)));
    }
  }

  private void readArray(String keyword, JsonNode value) {
    switch (keyword) {
      case "minItems" -> constraints.itemsMin = count(keyword, value);
      case "maxItems" -> constraints.itemsMax = Math.min(COUNT_MAX, bound(keyword, value));
      case "items" -> {
        if (!value.isArray()) {
          constraints.items = List.of(subSchema(keyword));
          return;
        }
        // The form of drafts before 2020-12.
        readPrefix(keyword, value);
        if (schema.node().has("additionalItems")) {
          constraints.items = List.of(subSchema("additionalItems"));
        }
      }
      default -> {
        require(value.isArray(), keyword, "a list of schemas");
        readPrefix(keyword, value);
      }
    }
  }

  private void readPrefix(String keyword, JsonNode value) {
    for (int i = 0; i < value.size(); i++) {
      constraints.prefixItems.add(List.of(checked(schema.child(keyword, i), keyword)));
    }
  }

  private void readString(String keyword, JsonNode value) {
    switch (keyword) {
      case "minLength" -> constraints.lengthMin = count(keyword, value);
      case "maxLength" -> constraints.lengthMax = Math.min(COUNT_MAX, bound(keyword, value));
      default -> {
        require(value.isTextual(), keyword, "a string");
        try {
          constraints.patterns.add(RegexParser.search(value.textValue()));
        } catch (GrammarException e) {
          throw schema.child(keyword).error("cannot be used: " + e.getMessage());
        }
      }
    }
  }

  private void readNumber(String keyword, JsonNode value) {
    if (keyword.startsWith("exclusive") && value.isBoolean()) {
      return;
    }
    require(value.isNumber(), keyword, "a number");
    BigDecimal number = value.decimalValue();
    switch (keyword) {
      case "minimum" -> meet(NumberRange.atLeast(number, minExclusive));
      case "exclusiveMinimum" -> meet(NumberRange.atLeast(number, true));
      case "maximum" -> meet(NumberRange.atMost(number, maxExclusive));
      case "exclusiveMaximum" -> meet(NumberRange.atMost(number, true));
      default -> {
        require(number.signum() > 0, keyword, "greater than 0");
        constraints.multiplesOf.add(number);
      }
    }
  }

  private void meet(NumberRange range) {
    constraints.range = constraints.range.intersect(range);
  }

  private void readFormat(JsonNode value) {
    require(value.isTextual(), "format", "a string");
    Regex text = StringFormats.of(value.textValue());
    NumberRange range = StringFormats.numbers(value.textValue());
    if (text == null && range == null) {
      throw schema.error(
          "has the format "
              + JsonText.quoted(value.textValue())
              + ", which is not supported; supported are "
              + StringFormats.names());
    }
    if (text != null) {
      constraints.concerned.add(JsonType.STRING);
      constraints.patterns.add(text);
    } else {
      meet(range);
    }
  }

  private SubSchema subSchema(String keyword) {
    return checked(schema.child(keyword), keyword);
  }

  private SubSchema checked(SubSchema child, String keyword) {
    require(child.node().isObject() || child.node().isBoolean(), keyword, "made of schemas");
    return child;
  }

  private int count(String keyword, JsonNode value) {
    int count = bound(keyword, value);
    require(count <= COUNT_MAX, keyword, "at most " + COUNT_MAX);
    return count;
  }

  private int bound(String keyword, JsonNode value) {
    require(
        value.isNumber()
            && value.decimalValue().signum() >= 0
            && JsonValues.isInteger(value.decimalValue()),
        keyword,
        "a whole number, 0 or more");
    return value.decimalValue().min(BigDecimal.valueOf(Integer.MAX_VALUE - 1)).intValue();
  }

  private void require(boolean valid, String keyword, String what) {
    if (!valid) {
      throw schema.error("has " + keyword + " that is not " + what);
    }
  }
}
