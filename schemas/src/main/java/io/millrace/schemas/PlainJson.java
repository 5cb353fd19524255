package io.millrace.schemas;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Field;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.specific.SpecificRecord;

/**
 * Our records as plain JSON objects, one to one: the schema's names and enum symbols as they are,
 * no wrappers around optional values.
 *
 * <ul>
 *   <li>Amounts are strings of plain decimals, {@code "0.00012"}, for JSON's numbers are doubles to
 *       most readers.
 *   <li>Times are whole numbers in the unit that the schema states: milliseconds since 1970 UTC,
 *       but microseconds for {@code TokenEvent.time}.
 *   <li>Bytes are arrays of numbers from 0 to 255, as in OpenAI's logprobs.
 *   <li>Null is left out. NaN and the infinities are strings.
 * </ul>
 *
 * <p>Reading is strict in what it knows (types, ranges, required fields, no key twice, nothing
 * after the object) and skips names that it does not know. A missing field takes its default, an
 * unknown enum symbol becomes the enum's default. Safe for use by several threads.
 */
public final class PlainJson {
  /** Deepest nesting that is read; our own records have 6 levels. */
  static final int DEPTH_MAX = 32;

  private static final int NUMBER_LENGTH_MAX = 64;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH_MAX)
                          .maxNumberLength(NUMBER_LENGTH_MAX)
                          .maxStringLength(AvroCodec.RECORD_BYTES_MAX)
                          .maxNameLength(1024)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private PlainJson() {}

  /**
   * The record as one line of UTF-8, without a line feed.
   *
   * @throws IllegalArgumentException when a required field is null
   */
  public static byte[] write(SpecificRecord record) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    try (JsonGenerator json = MAPPER.createGenerator(out)) {
      writeRecord(json, record);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not from memory
    }
    return out.toByteArray();
  }

  /**
   * Reads what {@link #write} wrote, or what anyone else wrote in its form.
   *
   * @param json UTF-8, perhaps after a byte order mark, at most {@link AvroCodec#RECORD_BYTES_MAX}
   *     bytes
   * @throws FramingException naming the field and what is wrong with it, never its content
   */
  public static <T extends SpecificRecord> T read(byte[] json, Class<T> type)
      throws FramingException {
    JsonRecordReader<T> reader = new JsonRecordReader<>(type);
    if (json.length > AvroCodec.RECORD_BYTES_MAX) {
      throw FramingException.terminal(
          "JSON has "
              + json.length
              + " bytes, at most "
              + AvroCodec.RECORD_BYTES_MAX
              + " are read");
    }
    JsonNode root;
    try {
      root = MAPPER.readTree(json);
    } catch (StreamConstraintsException e) {
      throw FramingException.terminal("JSON is too deep, or has too long a name or number", e);
    } catch (JsonProcessingException e) {
      String where =
          e.getLocation() == null
              ? ""
              : " at line "
                  + e.getLocation().getLineNr()
                  + ", column "
                  + e.getLocation().getColumnNr();
      throw FramingException.terminal("not valid JSON" + where, e);
    } catch (IOException e) {
      throw FramingException.terminal("not valid JSON", e);
    }
    return reader.read(root);
  }

  private static void writeRecord(JsonGenerator json, IndexedRecord record) throws IOException {
    json.writeStartObject();
    for (Field field : record.getSchema().getFields()) {
      Object value = record.get(field.pos());
      if (value != null) {
        json.writeFieldName(field.name());
        writeValue(json, field.schema(), value);
      } else if (!field.schema().isNullable()) {
        throw new IllegalArgumentException(
            record.getSchema().getName() + "." + field.name() + " is null");
      }
    }
    json.writeEndObject();
  }

  private static void writeValue(JsonGenerator json, Schema schema, Object value)
      throws IOException {
    switch (schema.getType()) {
      case UNION -> writeValue(json, presentBranch(schema), value);
      case RECORD -> writeRecord(json, (IndexedRecord) value);
      case ARRAY -> {
        json.writeStartArray();
        for (Object item : (List<?>) value) {
          writeValue(json, schema.getElementType(), item);
        }
        json.writeEndArray();
      }
      case MAP -> {
        json.writeStartObject();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
          json.writeFieldName(entry.getKey().toString());
          writeValue(json, schema.getValueType(), entry.getValue());
        }
        json.writeEndObject();
      }
      case BYTES -> {
        if (value instanceof BigDecimal amount) {
          json.writeString(plain(amount));
        } else {
          writeBytes(json, ((ByteBuffer) value).duplicate());
        }
      }
      case INT -> json.writeNumber((Integer) value);
      case LONG -> json.writeNumber(number(schema, value));
      case DOUBLE -> json.writeNumber((Double) value);
      case BOOLEAN -> json.writeBoolean((Boolean) value);
      case STRING, ENUM -> json.writeString(value.toString());
      default -> throw new IllegalArgumentException("no JSON form for " + schema.getType());
    }
  }

  private static void writeBytes(JsonGenerator json, ByteBuffer bytes) throws IOException {
    json.writeStartArray();
    while (bytes.hasRemaining()) {
      json.writeNumber(bytes.get() & 0xFF);
    }
    json.writeEndArray();
  }

  private static String plain(BigDecimal amount) {
    return amount.signum() == 0 ? "0" : amount.stripTrailingZeros().toPlainString();
  }

  private static long number(Schema schema, Object value) {
    if (!(value instanceof Instant time)) {
      return (Long) value;
    }
    return schema.getLogicalType() instanceof LogicalTypes.TimestampMicros micros
        ? new TimeConversions.TimestampMicrosConversion().toLong(time, schema, micros)
        : time.toEpochMilli();
  }

  /** The one branch of an optional value's union that is not null. */
  static Schema presentBranch(Schema union) {
    return union.getTypes().stream()
        .filter(branch -> branch.getType() != Schema.Type.NULL)
        .findFirst()
        .orElseThrow();
  }
}
