package io.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

class AvroCodecTest {
  private static final int ID = 100_001;

  @Test
  void aPromptIsWrittenAndRead() throws FramingException {
    AvroCodec<Prompt> codec = new AvroCodec<>(Prompt.class);
    Prompt prompt =
        Prompt.newBuilder()
            .setTenant("acme")
            .setMessages(List.of(Message.newBuilder().setRole("user").setContent("Hi").build()))
            .setMaxCompletionTokens(16)
            .build();

    byte[] record = codec.encode(prompt);

    assertThat(Framing.of(record)).isEqualTo(Framing.AVRO_SINGLE_OBJECT);
    assertThat(codec.decode(record)).isEqualTo(prompt);
  }

  @Test
  void everyRecordComesBackThroughEveryFraming() throws FramingException {
    for (Class<? extends SpecificRecord> type : RandomRecords.TYPES) {
      roundTrips(type);
    }
  }

  private static <T extends SpecificRecord> void roundTrips(Class<T> type) throws FramingException {
    RandomRecords random = new RandomRecords(1);
    Schema schema = random.next(type).getSchema();
    AvroCodec<T> codec = new AvroCodec<>(type, ids(Map.of(ID, schema)), 1 << 20);
    for (int i = 0; i < 200; i++) {
      T record = random.next(type);
      T single = codec.decode(codec.encode(record));
      T confluent = codec.decode(codec.encodeConfluent(record, ID));
      T json = PlainJson.read(PlainJson.write(record), type);
      assertThat(single).isEqualTo(record);
      assertThat(confluent).isEqualTo(record);
      assertThat(json).isEqualTo(record);
    }
  }

  /** Avro's own encoder of single objects is the reference. */
  @Test
  void singleObjectsAreAvros() throws IOException, FramingException {
    RandomRecords random = new RandomRecords(2);
    AvroCodec<CostEvent> codec = new AvroCodec<>(CostEvent.class);
    for (int i = 0; i < 50; i++) {
      CostEvent event = random.next(CostEvent.class);
      ByteBuffer reference = event.toByteBuffer();
      assertThat(ByteBuffer.wrap(codec.encode(event))).isEqualTo(reference);
    }
  }

  @Test
  void anOlderWritersRecordTakesDefaultsForWhatIsNew() throws FramingException {
    Schema old =
        parse(
            """
            {"type": "record", "name": "Prompt", "namespace": "io.millrace.schemas", "fields": [
              {"name": "tenant", "type": "string"},
              {"name": "gone", "type": {"type": "map", "values": "string"}},
              {"name": "max_completion_tokens", "type": "int"},
              {"name": "messages", "type": {"type": "array", "items":
                {"type": "record", "name": "Message", "fields": [
                  {"name": "role", "type": "string"}]}}}]}
            """);
    Schema oldMessage = old.getField("messages").schema().getElementType();
    // Many small items at the record's end: Avro's own check takes them for too few bytes.
    IndexedRecord message = new GenericRecordBuilder(oldMessage).set("role", "").build();
    IndexedRecord prompt =
        new GenericRecordBuilder(old)
            .set("tenant", "acme")
            .set("gone", Map.of("a", "b"))
            .set("max_completion_tokens", 7)
            .set("messages", List.of(message, message, message, message))
            .build();
    AvroCodec<Prompt> codec = new AvroCodec<>(Prompt.class, ids(Map.of(ID, old)), 1 << 20);

    Prompt read = codec.decode(confluent(prompt, ID));

    assertThat(read.getTenant()).isEqualTo("acme");
    assertThat(read.getMaxCompletionTokens()).isEqualTo(7);
    assertThat(read.getMessages()).hasSize(4).allMatch(m -> m.getContent().isEmpty());
    assertThat(read.getStop()).isEmpty();
    assertThat(read.getCache()).isNull();
  }

  @Test
  void aNewerWritersSymbolBecomesUnknown() throws FramingException {
    Schema newer =
        parse(
            CostEvent.getClassSchema()
                .toString()
                .replace("\"heartbeat\"]", "\"heartbeat\", \"refund\"]"));
    IndexedRecord event =
        new GenericRecordBuilder(newer)
            .set("kind", new GenericData.EnumSymbol(newer.getField("kind").schema(), "refund"))
            .set("event_time", 5L)
            .build();
    AvroCodec<CostEvent> codec =
        new AvroCodec<>(CostEvent.class, fingerprints(newer), AvroCodec.RECORD_BYTES_MAX);

    CostEvent read = codec.decode(singleObject(event));

    assertThat(read.getKind()).isEqualTo(CostKind.unknown);
    assertThat(read.getEventTime()).isEqualTo(Instant.ofEpochMilli(5));
    assertThat(read.getTotalUsd()).isNull();
  }

  @Test
  void amountsAreExact() throws FramingException {
    AvroCodec<CostEvent> codec = new AvroCodec<>(CostEvent.class);
    BigDecimal smallest = new BigDecimal("0.000000000000000000000001");
    CostEvent event =
        CostEvent.newBuilder().setEventTime(Instant.EPOCH).setTotalUsd(smallest).build();
    assertThat(codec.decode(codec.encode(event)).getTotalUsd()).isEqualTo(smallest);

    event.setTotalUsd(new BigDecimal("1E-25"));
    assertThatThrownBy(() -> codec.encode(event))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("CostEvent")
        .hasMessageNotContaining("\n");
    event.setTotalUsd(BigDecimal.ONE);
    assertThat(codec.decode(codec.encode(event)).getTotalUsd()).isEqualByComparingTo("1");
  }

  @Test
  void anAmountOfEarlierVersionsComesBackAsOneThatMayBeMissing() throws FramingException {
    Schema old = ReleasedSchemas.instance().versions().get(2).get("CostEvent");
    IndexedRecord event =
        new GenericRecordBuilder(old)
            .set("event_time", 0L)
            .set("total_usd", ByteBuffer.wrap(new byte[] {7}))
            .build();
    CostEvent read = new AvroCodec<>(CostEvent.class).decode(singleObject(event));
    assertThat(read.getTotalUsd()).isEqualTo(new BigDecimal("7E-24"));
    assertThat(read.getInputUsd()).isZero();
  }

  /** The check after decoding looks at the record's own fields only. */
  @Test
  void everyAmountIsAFieldOfItsRecord() {
    for (Schema schema : ReleasedSchemas.current()) {
      int all = schema.toString().split("\"logicalType\":\"decimal\"", -1).length - 1;
      long own =
          schema.getFields().stream()
              .map(f -> f.schema().isUnion() ? PlainJson.presentBranch(f.schema()) : f.schema())
              .filter(type -> type.getLogicalType() != null)
              .filter(type -> type.getLogicalType().getName().equals("decimal"))
              .count();
      assertThat(own).as(schema.getName()).isEqualTo((long) all);
    }
  }

  @Test
  void anAmountOfTooManyDigitsIsRefused() {
    Schema schema = CostEvent.getClassSchema();
    IndexedRecord event =
        new GenericRecordBuilder(schema)
            .set("event_time", 0L)
            .set(
                "total_usd",
                ByteBuffer.wrap(new byte[] {127, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
            .build();
    refused(CostEvent.class, singleObject(event), "CostEvent has too many digits in total_usd");
  }

  @Test
  void whatCannotBeReadSaysWhyInOneLine() {
    byte[] record = new AvroCodec<>(Anomaly.class).encode(new RandomRecords(3).next(Anomaly.class));
    refused(Anomaly.class, null, "starts neither");
    refused(Anomaly.class, new byte[0], "starts neither");
    refused(Anomaly.class, new byte[] {'{', '}'}, "starts neither");
    refused(Anomaly.class, Arrays.copyOf(record, 9), "ends within its header: 9 bytes of 10");
    refused(Anomaly.class, new byte[] {0, 0, 0}, "ends within its header: 3 bytes of 5");
    refused(Anomaly.class, Arrays.copyOf(record, record.length - 1), "Anomaly is truncated");
    refused(Anomaly.class, Arrays.copyOf(record, record.length + 2), "followed by 2 bytes");
    refused(Anomaly.class, new byte[] {0, 0, 0, 0, 9}, "unknown schema id 9");
    refused(CostEvent.class, record, "written as io.millrace.schemas.Anomaly cannot be read as");
    byte[] unknown = record.clone();
    unknown[2] ^= 1;
    refused(Anomaly.class, unknown, "unknown schema fingerprint");
    AvroCodec<Anomaly> small =
        new AvroCodec<>(Anomaly.class, ReleasedSchemas.instance(), record.length - 1);
    assertThatThrownBy(() -> small.decode(record)).hasMessageContaining("at most");
  }

  @Test
  void decimalsOfAnotherScaleAreRefusedAndNotMisread() {
    Schema cents =
        parse(CostEvent.getClassSchema().toString().replace("\"scale\":24", "\"scale\":2"));
    IndexedRecord event = new GenericRecordBuilder(cents).set("event_time", 0L).build();
    AvroCodec<CostEvent> codec = new AvroCodec<>(CostEvent.class, ids(Map.of(ID, cents)), 1 << 20);
    assertThatThrownBy(() -> codec.decode(confluent(event, ID)))
        .isInstanceOf(FramingException.class)
        .hasMessageContaining("input_usd: read as decimal(38, 24), written as decimal(38, 2)");
  }

  @Test
  void aRegistryThatCannotBeAskedIsRetryable() {
    SchemaSource down =
        new SchemaSource() {
          @Override
          public Optional<Schema> byFingerprint(long fingerprint) {
            return Optional.empty();
          }

          @Override
          public Optional<Schema> byConfluentId(int id) throws FramingException {
            throw FramingException.retryable("down", null);
          }
        };
    AvroCodec<Prompt> codec =
        new AvroCodec<>(Prompt.class, ReleasedSchemas.instance().orElse(down), 1 << 20);
    assertThatThrownBy(() -> codec.decode(new byte[] {0, 0, 0, 0, 1, 0}))
        .isInstanceOfSatisfying(FramingException.class, e -> assertThat(e.retryable()).isTrue());
  }

  private static <T extends SpecificRecord> void refused(
      Class<T> type, byte[] record, String message) {
    Consumer<FramingException> terminalInOneLine =
        e -> {
          assertThat(e.retryable()).isFalse();
          assertThat(e).hasMessageContaining(message).hasMessageNotContaining("\n");
        };
    AvroCodec<T> codec = new AvroCodec<>(type);
    assertThatThrownBy(() -> codec.decode(record))
        .isInstanceOfSatisfying(FramingException.class, terminalInOneLine);
  }

  static Schema parse(String json) {
    return new Schema.Parser().parse(json);
  }

  static SchemaSource ids(Map<Integer, Schema> schemas) {
    return new SchemaSource() {
      @Override
      public Optional<Schema> byFingerprint(long fingerprint) {
        return Optional.empty();
      }

      @Override
      public Optional<Schema> byConfluentId(int id) {
        return Optional.ofNullable(schemas.get(id));
      }
    };
  }

  private static SchemaSource fingerprints(Schema schema) {
    return new SchemaSource() {
      @Override
      public Optional<Schema> byFingerprint(long fingerprint) {
        return fingerprint == SchemaNormalization.parsingFingerprint64(schema)
            ? Optional.of(schema)
            : Optional.empty();
      }

      @Override
      public Optional<Schema> byConfluentId(int id) {
        return Optional.empty();
      }
    };
  }

  static byte[] singleObject(IndexedRecord record) {
    ByteBuffer header = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
    header.put((byte) 0xC3).put((byte) 1);
    header.putLong(SchemaNormalization.parsingFingerprint64(record.getSchema()));
    return framed(header.array(), record);
  }

  static byte[] confluent(IndexedRecord record, int id) {
    return framed(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array(), record);
  }

  /** Written by Avro's generic writer, without our codec. */
  private static byte[] framed(byte[] header, IndexedRecord record) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(header);
    try {
      BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
      new GenericDatumWriter<IndexedRecord>(record.getSchema(), new GenericData())
          .write(record, encoder);
      encoder.flush();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return out.toByteArray();
  }
}
