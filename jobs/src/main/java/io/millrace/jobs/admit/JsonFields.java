package io.millrace.jobs.admit;

import static io.millrace.jobs.admit.RejectedPromptException.invalid;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Reads an object's fields by type: null where one is missing or null, refused where it is wrong.
 */
final class JsonFields {
  private static final int NAME_LENGTH_MAX = 256;

  private JsonFields() {}

  static String text(JsonNode parent, String field) throws RejectedPromptException {
    JsonNode node = parent.get(field);
    if (node == null || node.isNull()) {
      return null;
    }
    if (!node.isTextual() || node.textValue().length() > NAME_LENGTH_MAX) {
      throw invalid(field + " must be a string of at most " + NAME_LENGTH_MAX + " characters");
    }
    return node.textValue();
  }

  static Double number(JsonNode parent, String field) throws RejectedPromptException {
    JsonNode node = parent.get(field);
    if (node == null || node.isNull()) {
      return null;
    }
    if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
      throw invalid(field + " must be a number");
    }
    return node.doubleValue();
  }

  static Long longInteger(JsonNode parent, String field) throws RejectedPromptException {
    JsonNode node = parent.get(field);
    if (node == null || node.isNull()) {
      return null;
    }
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw invalid(field + " must be an integer");
    }
    return node.longValue();
  }

  static Integer integer(JsonNode parent, String field) throws RejectedPromptException {
    Long value = longInteger(parent, field);
    if (value == null) {
      return null;
    }
    if (value != value.intValue()) {
      throw invalid(field + " is " + value + ", out of range");
    }
    return value.intValue();
  }

  static Boolean bool(JsonNode parent, String field) throws RejectedPromptException {
    JsonNode node = parent.get(field);
    if (node == null || node.isNull()) {
      return null;
    }
    if (!node.isBoolean()) {
      throw invalid(field + " must be true or false");
    }
    return node.booleanValue();
  }
}
