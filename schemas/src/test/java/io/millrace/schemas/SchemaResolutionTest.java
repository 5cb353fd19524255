package io.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;

class SchemaResolutionTest {
  private static final String ID = "{\"name\": \"id\", \"type\": \"string\"}";
  private static final String TIME =
      "{\"name\": \"time\", \"type\": {\"type\": \"long\", \"logicalType\": \"timestamp-millis\"}}";

  @Test
  void aNewFieldWithADefaultIsReadable() {
    Schema old = record(ID);
    Schema current = record(ID, "{\"name\": \"n\", \"type\": \"int\", \"default\": 0}");
    assertThat(SchemaResolution.problems(current, old)).isEmpty();
    assertThat(SchemaResolution.problems(old, current)).isEmpty();
  }

  @Test
  void aNewFieldWithoutADefaultIsNot() {
    List<String> problems =
        SchemaResolution.problems(record(ID, "{\"name\": \"n\", \"type\": \"int\"}"), record(ID));
    assertThat(problems).singleElement().asString().contains("MISSING_DEFAULT", "n");
  }

  @Test
  void aNarrowedTypeIsNot() {
    Schema old = record("{\"name\": \"n\", \"type\": \"long\"}");
    Schema current = record("{\"name\": \"n\", \"type\": \"int\"}");
    assertThat(SchemaResolution.problems(old, current)).isEmpty();
    assertThat(SchemaResolution.problems(current, old)).isNotEmpty();
  }

  @Test
  void aRemovedSymbolNeedsADefault() {
    String symbols =
        "{\"name\": \"e\", \"type\": {\"type\": \"enum\", \"name\": \"E\", \"symbols\": ";
    Schema old = record(symbols + "[\"a\", \"b\"]}}");
    assertThat(SchemaResolution.problems(record(symbols + "[\"a\"]}}"), old)).isNotEmpty();
    assertThat(SchemaResolution.problems(record(symbols + "[\"a\"], \"default\": \"a\"}}"), old))
        .isEmpty();
  }

  /** Avro alone sees nothing wrong with any of these. */
  @Test
  void anotherLogicalTypeIsNotReadable() {
    String micros = TIME.replace("millis", "micros");
    String optional = "{\"name\": \"time\", \"type\": [\"null\", %s]}";
    String millisType = "{\"type\": \"long\", \"logicalType\": \"timestamp-millis\"}";
    assertThat(SchemaResolution.problems(record(TIME), record(TIME))).isEmpty();
    assertThat(SchemaResolution.problems(record(TIME), record(micros)))
        .containsExactly("R.time: read as timestamp-millis, written as timestamp-micros");
    assertThat(SchemaResolution.problems(record(optional.formatted(millisType)), record(TIME)))
        .isEmpty();
    assertThat(SchemaResolution.problems(record(optional.formatted(millisType)), record(micros)))
        .isNotEmpty();
    assertThat(
            SchemaResolution.problems(
                record(TIME), record("{\"name\": \"time\", \"type\": \"int\"}")))
        .containsExactly("R.time: read as timestamp-millis, written as no logical type");
    String amounts =
        "{\"name\": \"a\", \"type\": {\"type\": \"map\", \"values\":"
            + " {\"type\": \"bytes\", \"logicalType\": \"decimal\", \"precision\": 9, \"scale\": 2}}}";
    assertThat(
            SchemaResolution.problems(
                record(amounts), record(amounts.replace("\"scale\": 2", "\"scale\": 3"))))
        .containsExactly("R.a{}: read as decimal(9, 2), written as decimal(9, 3)");
  }

  @Test
  void anotherRecordIsNotReadable() {
    assertThat(SchemaResolution.problems(Prompt.getClassSchema(), Anomaly.getClassSchema()))
        .isNotEmpty()
        .allSatisfy(problem -> assertThat(problem).doesNotContain("\n").hasSizeLessThan(400));
  }

  private static Schema record(String... fields) {
    return AvroCodecTest.parse(
        "{\"type\": \"record\", \"name\": \"R\", \"fields\": [" + String.join(", ", fields) + "]}");
  }
}
