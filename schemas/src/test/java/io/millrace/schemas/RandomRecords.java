package io.millrace.schemas;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Field;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/**
 * Seeded random records of any schema: every type, extreme numbers, odd text. No NaN: the generated
 * {@code equals} finds it different from itself.
 */
final class RandomRecords {
  /** The five records of the topics. */
  static final List<Class<? extends SpecificRecord>> TYPES =
      List.of(
          Prompt.class,
          Response.class,
          TokenEvent.class,
          CostEvent.class,
          Anomaly.class,
          Attempt.class);

  private static final List<String> TEXTS =
      List.of("", "a", "\u00e4\u4e16\ud83d\ude00", "\"quoted\"\n\u0000\u2028", "{\"a\": 1}");

  private final Random random;
  private final GenericData data;

  /** Makes generated records, with amounts and times as their classes hold them. */
  RandomRecords(long seed) {
    this(seed, SpecificData.get());
  }

  /** Makes the given model's records; a plain {@link GenericData} makes records without classes. */
  RandomRecords(long seed, GenericData data) {
    this.random = new Random(seed);
    this.data = data;
  }

  <T extends SpecificRecord> T next(Class<T> type) {
    return type.cast(next(SpecificData.get().getSchema(type)));
  }

  IndexedRecord next(Schema schema) {
    IndexedRecord record = (IndexedRecord) data.newRecord(null, schema);
    for (Field field : schema.getFields()) {
      record.put(field.pos(), value(field.schema()));
    }
    return record;
  }

  private Object value(Schema schema) {
    return switch (schema.getType()) {
      case NULL -> null;
      case UNION -> value(schema.getTypes().get(random.nextInt(schema.getTypes().size())));
      case RECORD -> next(schema);
      case ARRAY -> {
        List<Object> items = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          items.add(value(schema.getElementType()));
        }
        yield items;
      }
      case MAP -> {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
          map.put(text() + i, value(schema.getValueType()));
        }
        yield map;
      }
      case BYTES -> bytes(schema.getLogicalType());
      case ENUM -> data.createEnum(pick(schema.getEnumSymbols()), schema);
      case INT -> pick(List.of(0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, random.nextInt()));
      case LONG -> number(schema.getLogicalType());
      case DOUBLE ->
          pick(
              List.of(
                  0.0, -1.5, Double.MAX_VALUE, Double.NEGATIVE_INFINITY, Double.MIN_VALUE, 0.1));
      case BOOLEAN -> random.nextBoolean();
      case STRING -> text();
      default -> throw new IllegalArgumentException("no random " + schema.getType());
    };
  }

  private Object bytes(LogicalType type) {
    if (type instanceof LogicalTypes.Decimal decimal && data instanceof SpecificData) {
      BigInteger digits = BigInteger.TEN.pow(decimal.getPrecision()).subtract(BigInteger.ONE);
      return pick(
          List.of(
              new BigDecimal(BigInteger.ZERO, decimal.getScale()),
              new BigDecimal(digits, decimal.getScale()),
              new BigDecimal(digits.negate(), decimal.getScale()),
              new BigDecimal(new BigInteger(100, random), decimal.getScale())));
    }
    byte[] bytes = new byte[1 + random.nextInt(8)];
    random.nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }

  private Object number(LogicalType type) {
    long value = pick(List.of(0L, 1L, -1L, Long.MAX_VALUE, Long.MIN_VALUE, random.nextLong()));
    if (type == null || !(data instanceof SpecificData)) {
      return value;
    }
    long time = random.nextLong(-1L << 50, 1L << 50);
    return type instanceof LogicalTypes.TimestampMillis
        ? Instant.ofEpochMilli(time)
        : Instant.EPOCH.plusNanos(time / 1000 * 1000);
  }

  private String text() {
    return pick(TEXTS);
  }

  private <V> V pick(List<V> values) {
    return values.get(random.nextInt(values.size()));
  }
}
