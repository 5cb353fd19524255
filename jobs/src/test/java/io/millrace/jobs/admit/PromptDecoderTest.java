package io.millrace.jobs.admit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.kafka.PromptRecord;
import io.millrace.jobs.testing.Messages;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.ConfluentRegistry;
import io.millrace.schemas.Prompt;
import io.millrace.schemas.ReleasedSchemas;
import io.millrace.schemas.SchemaSource;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;

class PromptDecoderTest {
  private static final int SIZE_MAX = 1000;
  private static final int ID = 7;

  private static final Prompt HELLO =
      Prompt.newBuilder()
          .setTenant("acme")
          .setMessages(List.of(Messages.of("user", "hello")))
          .build();

  /** Knows one schema under an id, as a registry does. */
  private static final SchemaSource REGISTRY =
      new SchemaSource() {
        @Override
        public Optional<Schema> byFingerprint(long fingerprint) {
          return Optional.empty();
        }

        @Override
        public Optional<Schema> byConfluentId(int id) {
          return id == ID ? Optional.of(Prompt.getClassSchema()) : Optional.empty();
        }
      };

  private final AvroCodec<Prompt> writer = new AvroCodec<>(Prompt.class);
  private final PromptDecoder decoder = decoder(REGISTRY);

  @Test
  void tellsFormatsApartByTheirFirstBytes() throws Exception {
    byte[] json =
        "{\"user\":\"acme\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
            .getBytes(UTF_8);

    assertThat(decode(json)).isEqualTo(HELLO);
    assertThat(decode(writer.encode(HELLO))).isEqualTo(HELLO);
    assertThat(decode(writer.encodeConfluent(HELLO, ID))).isEqualTo(HELLO);
  }

  @Test
  void refusesARecordWithoutValue() {
    assertRefused(null, "empty", "the record has no value");
    assertRefused(new byte[0], "empty", "the record has no value");
  }

  @Test
  void refusesARecordThatIsTooLargeBeforeLookingIntoIt() {
    assertRefused(
        new byte[SIZE_MAX + 1], "too_large", "the record has 1001 bytes, at most 1000 are taken");
    PromptRecord longKey =
        new PromptRecord("t", 0, 0, 0, new byte[SIZE_MAX], "{}".getBytes(UTF_8), null, null, null);
    assertThatThrownBy(() -> decoder.decode(longKey))
        .isInstanceOf(RejectedPromptException.class)
        .hasMessage("the record has 1002 bytes, at most 1000 are taken");
  }

  @Test
  void refusesUnknownBytesAsNoJson() {
    for (String text : List.of("hello", "  ", "\u00c3", "\u0001{}")) {
      assertThatThrownBy(() -> decode(text.getBytes(UTF_8)))
          .isInstanceOf(RejectedPromptException.class);
    }
  }

  @Test
  void refusesAvroThatCannotBeRead() {
    byte[] record = writer.encode(HELLO);
    assertRefused(Arrays.copyOf(record, 5), "invalid_avro", "record ends within its header");
    assertRefused(Arrays.copyOf(record, record.length - 1), "invalid_avro", "Prompt is ");
    byte[] foreign = record.clone();
    foreign[2] ^= 1;
    assertRefused(foreign, "invalid_avro", "unknown schema fingerprint");
    assertRefused(writer.encodeConfluent(HELLO, 8), "invalid_avro", "unknown schema id 8");
  }

  @Test
  void saysThatASilentRegistryMayAnswerLater() {
    // Nothing listens on port 1.
    PromptDecoder unanswered =
        decoder(ConfluentRegistry.fromEnvironment(URI.create("http://127.0.0.1:1"), Map.of()));
    assertThatThrownBy(() -> unanswered.decode(record(writer.encodeConfluent(HELLO, ID))))
        .isInstanceOfSatisfying(
            RejectedPromptException.class,
            e -> {
              assertThat(e.code()).isEqualTo("schema_unavailable");
              assertThat(e.retryable()).isTrue();
            });
  }

  private static PromptDecoder decoder(SchemaSource schemas) {
    return new PromptDecoder(
        SIZE_MAX,
        new AvroCodec<>(Prompt.class, ReleasedSchemas.instance().orElse(schemas), SIZE_MAX));
  }

  private static PromptRecord record(byte[] value) {
    return new PromptRecord("t", 0, 0, 0, null, value, null, null, null);
  }

  private Prompt decode(byte[] value) throws RejectedPromptException {
    return decoder.decode(record(value));
  }

  private void assertRefused(byte[] value, String code, String message) {
    assertThatThrownBy(() -> decode(value))
        .isInstanceOfSatisfying(
            RejectedPromptException.class,
            e -> {
              assertThat(e.getMessage()).startsWith(message);
              assertThat(e.code()).isEqualTo(code);
              assertThat(e.retryable()).isFalse();
            });
  }
}
