package io.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Set;
import java.util.TreeSet;
import org.apache.avro.Schema;
import org.apache.avro.util.ClassSecurityValidator;
import org.junit.jupiter.api.Test;

class TrustedRecordsTest {
  /** Nothing but the builder was used before, when this test runs on its own. */
  @Test
  void aBuilderFindsItsDefaults() {
    assertThat(CostEvent.newBuilder().setEventTime(Instant.EPOCH).build().getKind())
        .isEqualTo(CostKind.unknown);
  }

  @Test
  void ourRecordsAreTrustedAndNothingElse() {
    Set<String> names = new TreeSet<>();
    ReleasedSchemas.current().forEach(schema -> collect(schema, names));
    assertThat(TrustedRecords.NAMES).containsExactlyInAnyOrderElementsOf(names);
    assertThatThrownBy(() -> ClassSecurityValidator.validate(TrustedRecordsTest.class))
        .isInstanceOf(SecurityException.class);
    assertThatThrownBy(() -> ClassSecurityValidator.validate(ProcessBuilder.class))
        .isInstanceOf(SecurityException.class);
  }

  private static void collect(Schema schema, Set<String> names) {
    switch (schema.getType()) {
      case RECORD -> {
        names.add(schema.getName());
        schema.getFields().forEach(field -> collect(field.schema(), names));
      }
      case ENUM -> names.add(schema.getName());
      case ARRAY -> collect(schema.getElementType(), names);
      case MAP -> collect(schema.getValueType(), names);
      case UNION -> schema.getTypes().forEach(branch -> collect(branch, names));
      default -> {}
    }
  }
}
