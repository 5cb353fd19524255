package io.millrace.jobs.ledger;

import io.millrace.schemas.CostEvent;
import io.millrace.schemas.SourcePosition;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.avro.LogicalType;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;

/**
 * The ledger's columns: where the row stands in the costs topic, its day, and every field of {@link
 * CostEvent}, in its order, with its name and documentation. A field that the schema gets later is
 * a column at once; columns are never renamed or removed, as fields are not.
 *
 * <pre>
 *   Avro                    Arrow
 *   long, int, boolean      Int64, Int32, Bool
 *   decimal(p, s)           Decimal128(p, s)         exact
 *   timestamp-millis        Timestamp(us, UTC)
 *   enum                    dictionary of Utf8
 *   string                  Utf8; a dictionary where few values are expected
 *   source (a record)       source_topic, source_partition, source_offset, source_timestamp
 * </pre>
 */
public final class LedgerColumns {

  /** Where the row stands in the costs topic: the two together are unique. */
  public static final String COSTS_PARTITION = "costs_partition";

  /** See {@link #COSTS_PARTITION}. */
  public static final String COSTS_OFFSET = "costs_offset";

  /** The folder that a row lies in. */
  public static final String DAY = "day";

  private static final int DECIMAL_PRECISION_MAX = 38;
  private static final int DECIMAL_BITS = 128;

  /** Strings with few different values in a file. */
  private static final Set<String> FEW_VALUES =
      Set.of("tenant", "model", "backend", "service_tier", "price_source", "price_version");

  private static final List<Column> ALL = columns();

  private LedgerColumns() {}

  /**
   * One column.
   *
   * @param name in files and queries
   * @param doc what it means, and its unit
   * @param type of its values
   * @param nullable whether a value may be missing
   * @param dictionary whether values are stored once a file
   * @param value of a row: Integer, Long, Boolean, String or BigDecimal, as {@code type} says;
   *     microseconds and days since 1970 are Long and Integer; null where there is none
   */
  public record Column(
      String name,
      String doc,
      ArrowType type,
      boolean nullable,
      boolean dictionary,
      Function<LedgerRow, Object> value) {}

  /** All columns, in the order of the files. */
  public static List<Column> all() {
    return ALL;
  }

  private static List<Column> columns() {
    List<Column> columns = new ArrayList<>();
    columns.add(
        required(
            COSTS_PARTITION,
            "Partition of the costs topic that the row stands in; with costs_offset it is unique.",
            new ArrowType.Int(32, true),
            LedgerRow::costsPartition));
    columns.add(
        required(
            COSTS_OFFSET,
            "Offset of the row in its partition of the costs topic.",
            new ArrowType.Int(64, true),
            LedgerRow::costsOffset));
    columns.add(
        required(
            DAY,
            "Day of event_time, UTC; the folder that the row lies in.",
            new ArrowType.Date(DateUnit.DAY),
            row -> Math.toIntExact(row.day().toEpochDay())));
    for (Schema.Field field : CostEvent.getClassSchema().getFields()) {
      if (field.name().equals("source")) {
        SourcePosition.getClassSchema().getFields().forEach(part -> columns.add(sourceOf(part)));
      } else {
        int position = field.pos();
        columns.add(
            column(field.name(), field.doc(), field.schema(), row -> row.event().get(position)));
      }
    }
    return List.copyOf(columns);
  }

  private static Column sourceOf(Schema.Field part) {
    int position = part.pos();
    Column column =
        column(
            "source_" + part.name(),
            part.doc(),
            part.schema(),
            row -> {
              SourcePosition source = row.event().getSource();
              return source == null ? null : source.get(position);
            });
    boolean topic = column.type() instanceof ArrowType.Utf8;
    return new Column(column.name(), column.doc(), column.type(), true, topic, column.value());
  }

  private static Column required(
      String name, String doc, ArrowType type, Function<LedgerRow, Object> value) {
    return new Column(name, doc, type, false, false, value);
  }

  private static Column column(
      String name, String doc, Schema declared, Function<LedgerRow, Object> raw) {
    Schema schema = declared;
    boolean nullable = declared.getType() == Schema.Type.UNION;
    if (nullable) {
      schema =
          declared.getTypes().stream()
              .filter(type -> type.getType() != Schema.Type.NULL)
              .findFirst()
              .orElseThrow();
    }
    LogicalType logical = schema.getLogicalType();
    if (logical instanceof LogicalTypes.Decimal decimal
        && decimal.getPrecision() <= DECIMAL_PRECISION_MAX) {
      ArrowType type =
          new ArrowType.Decimal(decimal.getPrecision(), decimal.getScale(), DECIMAL_BITS);
      return new Column(name, doc, type, nullable, false, raw);
    }
    if (logical instanceof LogicalTypes.TimestampMillis) {
      ArrowType type = new ArrowType.Timestamp(TimeUnit.MICROSECOND, "UTC");
      return new Column(name, doc, type, nullable, false, raw.andThen(LedgerColumns::micros));
    }
    if (logical != null) {
      throw new IllegalStateException(name + " has no column type: " + logical.getName());
    }
    return switch (schema.getType()) {
      case BOOLEAN -> new Column(name, doc, ArrowType.Bool.INSTANCE, nullable, false, raw);
      case INT -> new Column(name, doc, new ArrowType.Int(32, true), nullable, false, raw);
      case LONG -> new Column(name, doc, new ArrowType.Int(64, true), nullable, false, raw);
      case STRING ->
          new Column(name, doc, ArrowType.Utf8.INSTANCE, nullable, FEW_VALUES.contains(name), raw);
      case ENUM ->
          new Column(
              name,
              doc,
              ArrowType.Utf8.INSTANCE,
              nullable,
              true,
              raw.andThen(symbol -> symbol == null ? null : symbol.toString()));
      default -> throw new IllegalStateException(name + " has no column type: " + schema);
    };
  }

  private static Object micros(Object instant) {
    return instant == null ? null : ChronoUnit.MICROS.between(Instant.EPOCH, (Instant) instant);
  }
}
