package io.millrace.engine.sampling.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.List;
import java.util.Set;

/** Values of {@code enum} and {@code const}. */
final class JsonValues {
  private JsonValues() {}

  static List<JsonNode> common(List<JsonNode> a, List<JsonNode> b) {
    return a.stream().filter(x -> b.stream().anyMatch(y -> same(x, y))).toList();
  }

  /** Numbers are the same if their values are: 1 is 1.0. */
  private static boolean same(JsonNode a, JsonNode b) {
    return (a.isNumber() && b.isNumber())
        ? a.decimalValue().compareTo(b.decimalValue()) == 0
        : a.equals(b);
  }

  static boolean hasType(JsonNode value, Set<JsonType> types) {
    return switch (value.getNodeType()) {
      case NULL -> types.contains(JsonType.NULL);
      case BOOLEAN -> types.contains(JsonType.BOOLEAN);
      case STRING -> types.contains(JsonType.STRING);
      case ARRAY -> types.contains(JsonType.ARRAY);
      case OBJECT -> types.contains(JsonType.OBJECT);
      case NUMBER ->
          types.contains(JsonType.NUMBER)
              || (types.contains(JsonType.INTEGER) && isInteger(value.decimalValue()));
      default -> false;
    };
  }

  static boolean isInteger(BigDecimal value) {
    return value.signum() == 0 || value.stripTrailingZeros().scale() <= 0;
  }
}
