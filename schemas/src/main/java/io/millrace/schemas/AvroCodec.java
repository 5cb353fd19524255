package io.millrace.schemas;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Conversions;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Field;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;

/**
 * Records of one type to and from framed Avro bytes.
 *
 * <p>Reads what any known version of the schema wrote; see the package's description. Memory is
 * bounded by the record's size. Not safe for use by several threads: make one for each; a {@link
 * SchemaSource} may be shared.
 *
 * @param <T> a generated record
 */
public final class AvroCodec<T extends SpecificRecord> {
  /** Most bytes of a record, where the caller says nothing else: 16 MiB. */
  public static final int RECORD_BYTES_MAX = 16 << 20;

  /** Writer schemas for which a reader is kept. */
  private static final int READERS_MAX = 64;

  /** Avro believes a decimal of any length. 38 digits fit into 127 bits and a sign. */
  private static final int DECIMAL_BITS_MAX = 127;

  private static final int DECIMAL_DIGITS_MAX = 38;

  private final Schema schema;
  private final long fingerprint;
  private final SchemaSource schemas;
  private final int recordBytesMax;
  private final SpecificData data;
  private final SpecificDatumWriter<T> writer;
  private final List<Field> decimals;
  private final Map<Schema, SpecificDatumReader<T>> readers = new LinkedHashMap<>(16, 0.75f, true);
  private BinaryEncoder encoder;

  /** Knows the released schemas only, and records of at most {@link #RECORD_BYTES_MAX} bytes. */
  public AvroCodec(Class<T> type) {
    this(type, ReleasedSchemas.instance(), RECORD_BYTES_MAX);
  }

  /**
   * @param type a generated record
   * @param schemas where writers' schemas are found; the type's own is always known
   * @param recordBytesMax records with more bytes are refused, header included
   */
  public AvroCodec(Class<T> type, SchemaSource schemas, int recordBytesMax) {
    TrustedRecords.register();
    this.schemas = schemas;
    this.recordBytesMax = recordBytesMax;
    data = new SpecificData(type.getClassLoader());
    data.addLogicalTypeConversion(new Conversions.DecimalConversion());
    data.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
    data.addLogicalTypeConversion(new TimeConversions.TimestampMicrosConversion());
    // Generated coders allocate what a record claims; system properties must not turn them on.
    data.setCustomCoders(false);
    schema = data.getSchema(type);
    fingerprint = SchemaNormalization.parsingFingerprint64(schema);
    writer = new SpecificDatumWriter<>(schema, data);
    decimals = schema.getFields().stream().filter(field -> isAmount(field.schema())).toList();
  }

  /**
   * As an Avro single-object record.
   *
   * @throws IllegalArgumentException when the record does not fit its schema: a required field is
   *     null, an amount has more than 24 decimals
   */
  public byte[] encode(T record) {
    ByteBuffer header =
        ByteBuffer.allocate(Framing.SINGLE_OBJECT_HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    header.put(Framing.SINGLE_OBJECT_MARKER).put(Framing.SINGLE_OBJECT_VERSION);
    return encode(header.putLong(fingerprint).array(), record);
  }

  /**
   * In Confluent's wire format.
   *
   * @param id the registry's id of this type's current schema
   * @throws IllegalArgumentException when the record does not fit its schema
   */
  public byte[] encodeConfluent(T record, int id) {
    ByteBuffer header = ByteBuffer.allocate(Framing.CONFLUENT_HEADER_BYTES);
    return encode(header.put(Framing.CONFLUENT_MARKER).putInt(id).array(), record);
  }

  private byte[] encode(byte[] header, T record) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    out.writeBytes(header);
    try {
      encoder = EncoderFactory.get().binaryEncoder(out, encoder);
      writer.write(record, encoder);
      encoder.flush();
    } catch (IOException | RuntimeException e) {
      encoder = null; // it may hold half a record
      throw new IllegalArgumentException(
          "not a valid " + schema.getName() + ": " + firstLine(e.getMessage()), e);
    }
    return out.toByteArray();
  }

  /**
   * Reads an Avro single-object record or one in Confluent's wire format.
   *
   * @throws FramingException for anything else, and for records that are too large, truncated,
   *     malformed, of an unknown schema, or followed by further bytes
   */
  public T decode(byte[] record) throws FramingException {
    Framing framing = Framing.of(record);
    if (record != null && record.length > recordBytesMax) {
      throw FramingException.terminal(
          "record has " + record.length + " bytes, at most " + recordBytesMax + " are read");
    }
    return switch (framing) {
      case AVRO_SINGLE_OBJECT -> {
        requireHeader(record, Framing.SINGLE_OBJECT_HEADER_BYTES);
        long id = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN).getLong(2);
        yield decode(record, Framing.SINGLE_OBJECT_HEADER_BYTES, writerOf(id));
      }
      case CONFLUENT -> {
        requireHeader(record, Framing.CONFLUENT_HEADER_BYTES);
        int id = ByteBuffer.wrap(record).getInt(1);
        yield decode(record, Framing.CONFLUENT_HEADER_BYTES, writerOf(id));
      }
      case JSON, UNKNOWN ->
          throw FramingException.terminal(
              "record starts neither as an Avro single object (C3 01) nor in Confluent's format"
                  + " (00)");
    };
  }

  private static void requireHeader(byte[] record, int bytes) throws FramingException {
    if (record.length < bytes) {
      throw FramingException.terminal(
          "record ends within its header: " + record.length + " bytes of " + bytes);
    }
  }

  private Schema writerOf(long id) throws FramingException {
    if (id == fingerprint) {
      return schema;
    }
    Optional<Schema> found = schemas.byFingerprint(id);
    if (found.isEmpty()) {
      throw FramingException.terminal(
          String.format("unknown schema fingerprint %016x; no release has it", id));
    }
    return found.get();
  }

  private Schema writerOf(int id) throws FramingException {
    Optional<Schema> found = schemas.byConfluentId(id);
    if (found.isEmpty()) {
      throw FramingException.terminal(
          "unknown schema id "
              + Integer.toUnsignedString(id)
              + "; is a schema registry configured?");
    }
    return found.get();
  }

  private T decode(byte[] record, int offset, Schema written) throws FramingException {
    SpecificDatumReader<T> reader = readerFor(written);
    BoundedDecoder in = new BoundedDecoder(record, offset);
    T value;
    try {
      value = reader.read(null, in);
    } catch (EOFException e) {
      throw malformed("is truncated: " + e.getMessage(), e);
    } catch (StackOverflowError e) {
      // A registry's schema may nest without end in fields that are only skipped.
      throw malformed("is nested too deeply", null);
    } catch (IOException | RuntimeException e) {
      throw malformed("is malformed: " + firstLine(e.getMessage()), e);
    }
    if (in.left() > 0) {
      throw malformed("is followed by " + in.left() + " bytes too many", null);
    }
    for (Field field : decimals) {
      BigDecimal amount = (BigDecimal) value.get(field.pos());
      if (amount != null
          && (amount.unscaledValue().bitLength() > DECIMAL_BITS_MAX
              || amount.precision() > DECIMAL_DIGITS_MAX)) {
        throw malformed("has too many digits in " + field.name(), null);
      }
    }
    return value;
  }

  private static boolean isAmount(Schema schema) {
    Schema present = schema.isUnion() ? PlainJson.presentBranch(schema) : schema;
    return present.getLogicalType() instanceof LogicalTypes.Decimal;
  }

  private FramingException malformed(String what, Throwable cause) {
    return FramingException.terminal(schema.getName() + " " + what, cause);
  }

  private SpecificDatumReader<T> readerFor(Schema written) throws FramingException {
    SpecificDatumReader<T> reader = readers.get(written);
    if (reader != null) {
      return reader;
    }
    List<String> problems;
    try {
      problems = SchemaResolution.problems(schema, written);
    } catch (AvroRuntimeException | StackOverflowError e) {
      throw FramingException.terminal(
          "cannot resolve the writer's schema to " + schema.getName(), e);
    }
    if (!problems.isEmpty()) {
      throw FramingException.terminal(
          "a record written as "
              + written.getFullName()
              + " cannot be read as "
              + schema.getName()
              + ": "
              + problems.get(0));
    }
    reader = new SpecificDatumReader<>(written, schema, data);
    readers.put(written, reader);
    if (readers.size() > READERS_MAX) {
      readers.remove(readers.keySet().iterator().next());
    }
    return reader;
  }

  /** Avro's messages may quote whole schemas; the first line's beginning says enough. */
  private static String firstLine(String message) {
    if (message == null) {
      return "no details";
    }
    String line = message.lines().findFirst().orElse("no details");
    return line.length() <= 200 ? line : line.substring(0, 200) + "...";
  }
}
