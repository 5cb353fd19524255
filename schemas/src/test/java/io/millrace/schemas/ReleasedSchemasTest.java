package io.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.Schema.Field;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;

/** Records of every version ever released stay readable. */
class ReleasedSchemasTest {
  private static final ReleasedSchemas RELEASED = ReleasedSchemas.instance();

  @Test
  void aReleasedSchemaIsFoundByItsFingerprint() {
    Schema current = CostEvent.getClassSchema();
    long fingerprint = SchemaNormalization.parsingFingerprint64(current);
    assertThat(RELEASED.byFingerprint(fingerprint)).contains(current);
    assertThat(RELEASED.byFingerprint(fingerprint + 1)).isEmpty();
    assertThat(RELEASED.byConfluentId(1)).isEmpty();
    for (Map<String, Schema> version : RELEASED.versions().values()) {
      for (Schema schema : version.values()) {
        assertThat(RELEASED.byFingerprint(SchemaNormalization.parsingFingerprint64(schema)))
            .isPresent();
      }
    }
  }

  @Test
  void theCurrentSchemasAreReleased() throws IOException {
    int newest = RELEASED.versions().lastKey();
    for (Schema current : ReleasedSchemas.current()) {
      Schema released = RELEASED.versions().get(newest).get(current.getName());
      if (released == null || !withoutDocs(released).equals(withoutDocs(current))) {
        Path next = writeNextVersion(newest + 1);
        fail(
            "%s differs from its newest released version, %d. If that version has been published,"
                + " copy %s to src/main/resources/schemas/released/%d; the other tests say whether"
                + " the change is compatible. If it has not, overwrite version %d with it.",
            current.getName(), newest, next, newest + 1, newest);
      }
    }
  }

  @Test
  void aChangeIsNoticed() throws IOException {
    Schema current = Prompt.getClassSchema();
    assertThat(withoutDocs(changed(current, "\"default\":\"\"", "\"default\":\"x\"")))
        .isNotEqualTo(withoutDocs(current));
    assertThat(withoutDocs(changed(current, "timestamp-millis", "timestamp-micros")))
        .isNotEqualTo(withoutDocs(current));
    assertThat(withoutDocs(changed(current, "One message of a conversation", "A message")))
        .isEqualTo(withoutDocs(current));
  }

  @Test
  void currentReadersResolveEveryReleasedWriter() {
    RELEASED
        .versions()
        .forEach(
            (version, schemas) ->
                schemas.forEach(
                    (name, released) ->
                        assertThat(SchemaResolution.problems(current(name), released))
                            .as("%s, version %d", name, version)
                            .isEmpty()));
  }

  @Test
  void recordsOfEveryReleasedWriterComeBack() throws Exception {
    for (Map<String, Schema> schemas : RELEASED.versions().values()) {
      for (Class<? extends SpecificRecord> type : RandomRecords.TYPES) {
        Schema released = schemas.get(type.getSimpleName());
        if (released != null) {
          comesBack(released, type);
        }
      }
    }
  }

  /**
   * Written by Avro's generic writer, read by our codec, written again, compared field by field.
   */
  private static <T extends SpecificRecord> void comesBack(Schema released, Class<T> type)
      throws Exception {
    RandomRecords random = new RandomRecords(21, new GenericData());
    AvroCodec<T> codec = new AvroCodec<>(type);
    Schema current = current(type.getSimpleName());
    int compared = 0;
    for (int i = 0; i < 100; i++) {
      IndexedRecord written = random.next(released);
      shortenAmounts(written);
      byte[] again = codec.encode(codec.decode(AvroCodecTest.singleObject(written)));
      IndexedRecord read =
          new GenericDatumReader<IndexedRecord>(current, released, new GenericData())
              .read(null, DecoderFactory.get().binaryDecoder(again, 10, again.length - 10, null));
      for (Field field : released.getFields()) {
        Field kept = current.getField(field.name());
        if (kept != null) {
          Object value = read.get(read.getSchema().getField(field.name()).pos());
          assertThat(plain(value))
              .as("%s.%s", released.getName(), field.name())
              .isEqualTo(plain(written.get(field.pos())));
          compared++;
        }
      }
    }
    assertThat(compared).isGreaterThan(100);
  }

  /** As a tree: equal whatever the order of a map or the class of a string. */
  private static JsonNode plain(Object value) throws IOException {
    return new ObjectMapper().readTree(GenericData.get().toString(value));
  }

  /** Decimals are written in as few bytes as they need, or they would not come back as the same. */
  private static void shortenAmounts(IndexedRecord record) {
    for (Field field : record.getSchema().getFields()) {
      Schema type =
          field.schema().isUnion() ? PlainJson.presentBranch(field.schema()) : field.schema();
      if (type.getLogicalType() != null
          && type.getType() == Schema.Type.BYTES
          && record.get(field.pos()) instanceof ByteBuffer written) {
        byte[] bytes = new byte[written.remaining()];
        written.duplicate().get(bytes);
        record.put(field.pos(), ByteBuffer.wrap(new BigInteger(bytes).toByteArray()));
      }
    }
  }

  private static Schema current(String name) {
    return ReleasedSchemas.current().stream()
        .filter(schema -> schema.getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Schema changed(Schema schema, String from, String to) {
    assertThat(schema.toString()).contains(from);
    return AvroCodecTest.parse(schema.toString().replace(from, to));
  }

  private static Path writeNextVersion(int version) throws IOException {
    Path folder = Path.of("target", "released", Integer.toString(version)).toAbsolutePath();
    Files.createDirectories(folder);
    for (Schema schema : ReleasedSchemas.current()) {
      JsonNode json = without(schema, "avro.java.string");
      Files.writeString(
          folder.resolve(schema.getName() + ".avsc"), json.toPrettyString().strip() + "\n");
    }
    return folder;
  }

  private static JsonNode withoutDocs(Schema schema) throws IOException {
    return without(schema, "doc", "avro.java.string");
  }

  /** A string type whose Java class was removed, {"type": "string"}, becomes "string" again. */
  private static JsonNode without(Schema schema, String... names) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    JsonNode json = mapper.readTree(schema.toString());
    remove(json, List.of(names));
    return mapper.readTree(json.toString().replace("{\"type\":\"string\"}", "\"string\""));
  }

  private static void remove(JsonNode json, List<String> names) {
    if (json instanceof ObjectNode object) {
      object.remove(names);
    }
    json.forEach(child -> remove(child, names));
  }
}
