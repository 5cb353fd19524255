package io.millrace.schemas;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Field;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/** A JSON tree to a record, by the record's schema; {@link PlainJson} states the rules. */
final class JsonRecordReader<T extends SpecificRecord> {
  private static final int DECIMAL_LENGTH_MAX = 64;

  private final Class<T> type;
  private final SpecificData data;

  JsonRecordReader(Class<T> type) {
    TrustedRecords.register();
    this.type = type;
    // The generated class's own data model: its defaults have the types that its fields take.
    data = SpecificData.getForClass(type);
  }

  T read(JsonNode root) throws FramingException {
    Schema schema = data.getSchema(type);
    return type.cast(record(root, schema, schema.getName()));
  }

  private IndexedRecord record(JsonNode json, Schema schema, String path) throws FramingException {
    if (!json.isObject()) {
      throw mismatch(json, "an object", path);
    }
    IndexedRecord record = (IndexedRecord) data.newRecord(null, schema);
    for (Field field : schema.getFields()) {
      String fieldPath = path + "." + field.name();
      JsonNode value = json.get(field.name());
      if (value != null && !value.isNull()) {
        record.put(field.pos(), value(value, field.schema(), fieldPath));
      } else if (field.hasDefaultValue()) {
        record.put(field.pos(), data.deepCopy(field.schema(), data.getDefaultValue(field)));
      } else {
        throw FramingException.terminal(fieldPath + " is missing");
      }
    }
    return record;
  }

  private Object value(JsonNode json, Schema schema, String path) throws FramingException {
    return switch (schema.getType()) {
      case UNION -> value(json, PlainJson.presentBranch(schema), path);
      case RECORD -> record(json, schema, path);
      case ARRAY -> array(json, schema.getElementType(), path);
      case MAP -> map(json, schema.getValueType(), path);
      case BYTES ->
          schema.getLogicalType() instanceof LogicalTypes.Decimal decimal
              ? amount(json, decimal, path)
              : bytes(json, path);
      case INT -> (int) wholeNumber(json, Integer.MIN_VALUE, Integer.MAX_VALUE, path);
      case LONG -> time(wholeNumber(json, Long.MIN_VALUE, Long.MAX_VALUE, path), schema);
      case DOUBLE -> number(json, path);
      case BOOLEAN -> {
        if (!json.isBoolean()) {
          throw mismatch(json, "true or false", path);
        }
        yield json.booleanValue();
      }
      case STRING -> text(json, "a string", path);
      case ENUM -> symbol(json, schema, path);
      default -> throw new IllegalArgumentException("no JSON form for " + schema.getType());
    };
  }

  private List<Object> array(JsonNode json, Schema items, String path) throws FramingException {
    if (!json.isArray()) {
      throw mismatch(json, "an array", path);
    }
    List<Object> list = new ArrayList<>(json.size());
    for (JsonNode item : json) {
      list.add(value(item, items, path + "[" + list.size() + "]"));
    }
    return list;
  }

  /** Keys are the sender's own and stay out of messages. */
  private Map<String, Object> map(JsonNode json, Schema values, String path)
      throws FramingException {
    if (!json.isObject()) {
      throw mismatch(json, "an object", path);
    }
    Map<String, Object> map = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      map.put(entry.getKey(), value(entry.getValue(), values, path + "{}"));
    }
    return map;
  }

  private static BigDecimal amount(JsonNode json, LogicalTypes.Decimal type, String path)
      throws FramingException {
    String text = text(json, "a decimal as a string", path);
    BigDecimal amount;
    try {
      if (text.length() > DECIMAL_LENGTH_MAX) {
        throw new NumberFormatException("too long");
      }
      amount = new BigDecimal(text);
    } catch (NumberFormatException e) {
      throw FramingException.terminal(path + " is not a decimal", e);
    }
    // Looked at before rescaling: 1E+999999999 is short as text only.
    BigDecimal bare = amount.signum() == 0 ? BigDecimal.ZERO : amount.stripTrailingZeros();
    if (bare.scale() > type.getScale()
        || (long) bare.precision() - bare.scale() > type.getPrecision() - type.getScale()) {
      throw FramingException.terminal(
          path + " must fit into decimal(" + type.getPrecision() + ", " + type.getScale() + ")");
    }
    return bare.setScale(type.getScale(), RoundingMode.UNNECESSARY);
  }

  private static ByteBuffer bytes(JsonNode json, String path) throws FramingException {
    if (!json.isArray()) {
      throw mismatch(json, "an array of numbers from 0 to 255", path);
    }
    ByteBuffer bytes = ByteBuffer.allocate(json.size());
    for (JsonNode item : json) {
      bytes.put((byte) wholeNumber(item, 0, 255, path));
    }
    return bytes.flip();
  }

  private static long wholeNumber(JsonNode json, long min, long max, String path)
      throws FramingException {
    if (!json.isIntegralNumber() || !json.canConvertToLong()) {
      throw mismatch(json, "a whole number", path);
    }
    long value = json.longValue();
    if (value < min || value > max) {
      throw FramingException.terminal(path + " must be from " + min + " to " + max);
    }
    return value;
  }

  private static Object time(long value, Schema schema) {
    if (schema.getLogicalType() instanceof LogicalTypes.TimestampMillis) {
      return Instant.ofEpochMilli(value);
    }
    return schema.getLogicalType() instanceof LogicalTypes.TimestampMicros
        ? Instant.EPOCH.plus(value, ChronoUnit.MICROS)
        : (Object) value;
  }

  private static double number(JsonNode json, String path) throws FramingException {
    if (json.isNumber()) {
      return json.doubleValue();
    }
    return switch (json.isTextual() ? json.textValue() : "") {
      case "NaN" -> Double.NaN;
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      default -> throw mismatch(json, "a number", path);
    };
  }

  private Object symbol(JsonNode json, Schema schema, String path) throws FramingException {
    String symbol = text(json, "one of " + schema.getEnumSymbols(), path);
    if (!schema.hasEnumSymbol(symbol)) {
      if (schema.getEnumDefault() == null) {
        throw FramingException.terminal(path + " must be one of " + schema.getEnumSymbols());
      }
      symbol = schema.getEnumDefault();
    }
    return data.createEnum(symbol, schema);
  }

  private static String text(JsonNode json, String expected, String path) throws FramingException {
    if (!json.isTextual()) {
      throw mismatch(json, expected, path);
    }
    return json.textValue();
  }

  private static FramingException mismatch(JsonNode json, String expected, String path) {
    String found = json.getNodeType().name().toLowerCase(Locale.ROOT);
    return FramingException.terminal(path + " is of type " + found + ", must be " + expected);
  }
}
