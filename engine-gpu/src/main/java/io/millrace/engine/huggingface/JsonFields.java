package io.millrace.engine.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import io.millrace.engine.gguf.GgufFormatException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The fields of a JSON object in a file, by type. A field that is null counts as absent. Whatever
 * is of another type or out of range is one error that names file and field.
 *
 * @param file for messages
 * @param node the object
 */
record JsonFields(String file, JsonNode node) {

  boolean has(String name) {
    return node.hasNonNull(name);
  }

  /** A whole number from {@code min} to {@code max}. */
  OptionalInt integer(String name, int min, int max) throws GgufFormatException {
    if (!has(name)) {
      return OptionalInt.empty();
    }
    JsonNode value = node.get(name);
    // Exporters write 4096.0 for 4096.
    boolean whole = value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue());
    require(
        whole && value.doubleValue() >= min && value.doubleValue() <= max,
        name + " is " + excerpt(value) + ", must be a whole number from " + min + " to " + max);
    return OptionalInt.of((int) value.doubleValue());
  }

  int requireInteger(String name, int min, int max) throws GgufFormatException {
    OptionalInt value = integer(name, min, max);
    require(value.isPresent(), "there is no " + name);
    return value.getAsInt();
  }

  OptionalDouble number(String name) throws GgufFormatException {
    if (!has(name)) {
      return OptionalDouble.empty();
    }
    JsonNode value = node.get(name);
    require(
        value.isNumber() && Double.isFinite(value.doubleValue()),
        name + " is " + excerpt(value) + ", must be a number");
    return OptionalDouble.of(value.doubleValue());
  }

  double requireNumber(String name) throws GgufFormatException {
    OptionalDouble value = number(name);
    require(value.isPresent(), "there is no " + name);
    return value.getAsDouble();
  }

  /** A list of numbers, {@code max} of them at most. */
  float[] requireNumbers(String name, int max) throws GgufFormatException {
    JsonNode value = node.path(name);
    require(value.isArray() && value.size() <= max, name + " must be a list of numbers");
    float[] numbers = new float[value.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = value.get(i).floatValue();
      require(
          value.get(i).isNumber() && Float.isFinite(numbers[i]),
          name + " must be a list of numbers");
    }
    return numbers;
  }

  Optional<Boolean> bool(String name) throws GgufFormatException {
    if (!has(name)) {
      return Optional.empty();
    }
    require(node.get(name).isBoolean(), name + " must be true or false");
    return Optional.of(node.get(name).booleanValue());
  }

  Optional<String> string(String name) throws GgufFormatException {
    if (!has(name)) {
      return Optional.empty();
    }
    require(node.get(name).isTextual(), name + " must be a string");
    return Optional.of(node.get(name).textValue());
  }

  List<String> strings(String name) throws GgufFormatException {
    List<String> strings = new ArrayList<>();
    for (JsonNode value : node.path(name)) {
      require(value.isTextual(), name + " must be a list of strings");
      strings.add(value.textValue());
    }
    return strings;
  }

  /** An object inside this one. */
  Optional<JsonFields> object(String name) throws GgufFormatException {
    if (!has(name)) {
      return Optional.empty();
    }
    require(node.get(name).isObject(), name + " must be an object");
    return Optional.of(new JsonFields(file, node.get(name)));
  }

  void require(boolean ok, String problem) throws GgufFormatException {
    if (!ok) {
      throw error(problem);
    }
  }

  GgufFormatException error(String problem) {
    return new GgufFormatException(file + ": " + problem);
  }

  private static String excerpt(JsonNode value) {
    return value.isContainerNode()
        ? "a list or an object"
        : GgufFormatException.quote(value.asText());
  }
}
