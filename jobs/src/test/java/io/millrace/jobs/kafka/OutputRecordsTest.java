package io.millrace.jobs.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.MillraceOptions.RecordFormat;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.PlainJson;
import io.millrace.schemas.Response;
import io.millrace.schemas.ResponseFinishReason;
import io.millrace.schemas.TokenEvent;
import io.millrace.schemas.TokenLogprob;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OutputRecordsTest {
  private static final int SIZE_MAX = 1 << 20;

  private static final DeadLetter LETTER =
      new DeadLetter(
          new byte[] {1},
          new byte[] {2, 3},
          "prompts",
          4,
          5,
          "acme",
          "00-trace",
          "17",
          "admit",
          "invalid_json",
          "no JSON",
          false);

  @Test
  void aDeadLetterSaysHowOftenItsPromptWasSentAgain() throws Exception {
    DeadLetter again =
        new DeadLetter(
            null, null, "prompts", 4, 5, null, null, null, "admit", "code", "why", true, 2);
    var schema = OutputRecords.deadLetters("dead-letters", SIZE_MAX);
    assertThat(headers(written(schema, again))).containsEntry("millrace.replay", "2");
    assertThat(headers(written(schema, LETTER))).doesNotContainKey("millrace.replay");
  }

  @Test
  void writesAnAnswerUnderThePromptsKey() throws Exception {
    byte[] key = "key".getBytes(UTF_8);
    Response response = OpenAiResponseWriterTest.hello().setTraceparent("00-trace").build();
    ProducerRecord<byte[], byte[]> record =
        written(
            OutputRecords.answers("responses", RecordFormat.JSON, SIZE_MAX),
            new Answer(key, response));

    assertThat(record.topic()).isEqualTo("responses");
    assertThat(record.key()).isEqualTo(key);
    assertThat(record.partition()).isNull();
    assertThat(headers(record))
        .isEqualTo(
            Map.of(
                "millrace.request-id", "prompts-0-7",
                "millrace.custom-id", "line-1",
                "millrace.tenant", "acme",
                "traceparent", "00-trace"));
    assertThat(record.value()).isEqualTo(new OpenAiResponseWriter().bytes(response));
  }

  @Test
  void leavesOutHeadersThatHaveNoValue() throws Exception {
    Response response = OpenAiResponseWriterTest.hello().setCustomId(null).build();
    ProducerRecord<byte[], byte[]> record =
        written(
            OutputRecords.answers("responses", RecordFormat.AVRO, SIZE_MAX),
            new Answer(null, response));

    assertThat(record.key()).isNull();
    assertThat(headers(record)).containsOnlyKeys("millrace.request-id", "millrace.tenant");
    assertThat(new AvroCodec<>(Response.class).decode(record.value())).isEqualTo(response);
  }

  @ParameterizedTest
  @EnumSource(RecordFormat.class)
  void writesAnAnswerThatIsTooLargeWithoutItsLogprobs(RecordFormat format) throws Exception {
    TokenLogprob logprob = new TokenLogprob("token", -1.5, null, List.of());
    Response response = OpenAiResponseWriterTest.hello().build();
    response.getChoices().get(0).setLogprobs(Collections.nCopies(200_000, logprob));
    ProducerRecord<byte[], byte[]> record =
        written(OutputRecords.answers("responses", format, SIZE_MAX), new Answer(null, response));

    assertThat(record.value()).hasSizeLessThan(SIZE_MAX);
    assertThat(headers(record)).containsEntry("millrace.logprobs.omitted", "too large");
    assertThat(new String(record.value(), UTF_8)).contains("H\u00c9LLO");
    assertThat(response.getChoices().get(0).getLogprobs()).as("not changed").hasSize(200_000);
  }

  @ParameterizedTest
  @EnumSource(RecordFormat.class)
  void writesAnAnswerThatNeverFitsAsAnError(RecordFormat format) throws Exception {
    Response response = OpenAiResponseWriterTest.hello().build();
    response.getChoices().get(0).getMessage().setContent("x".repeat(SIZE_MAX));
    ProducerRecord<byte[], byte[]> record =
        written(OutputRecords.answers("responses", format, SIZE_MAX), new Answer(null, response));

    assertThat(record.value()).hasSizeLessThan(SIZE_MAX);
    if (format == RecordFormat.AVRO) {
      Response read = new AvroCodec<>(Response.class).decode(record.value());
      assertThat(read.getFinishReason()).isEqualTo(ResponseFinishReason.error);
      assertThat(read.getUsage()).isEqualTo(response.getUsage());
      assertThat(read.getCostUsd()).isEqualTo(response.getCostUsd());
    } else {
      JsonNode read = new ObjectMapper().readTree(record.value());
      assertThat(read.at("/error/code").textValue()).isEqualTo("error");
      assertThat(read.at("/error/message").textValue())
          .isEqualTo("the answer does not fit into a record");
      assertThat(read.get("choices")).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(RecordFormat.class)
  void writesTokenEventsUnderTheirRequest(RecordFormat format) throws Exception {
    TokenEvent event =
        TokenEvent.newBuilder()
            .setRequestId("prompts-0-7")
            .setIndex(3)
            .setText("\u00e9")
            .setTime(Instant.ofEpochMilli(5))
            .build();
    ProducerRecord<byte[], byte[]> record = written(OutputRecords.tokens("tokens", format), event);

    assertThat(record.topic()).isEqualTo("tokens");
    assertThat(record.key()).asString(UTF_8).isEqualTo("prompts-0-7");
    assertThat(
            format == RecordFormat.JSON
                ? PlainJson.read(record.value(), TokenEvent.class)
                : new AvroCodec<>(TokenEvent.class).decode(record.value()))
        .isEqualTo(event);
  }

  @ParameterizedTest
  @EnumSource(RecordFormat.class)
  void writesCostsUnderTheirTenant(RecordFormat format) throws Exception {
    CostEvent event =
        CostEvent.newBuilder()
            .setKind(CostKind.request)
            .setTenant("acme")
            .setEventTime(Instant.ofEpochMilli(5))
            .setTotalUsd(new BigDecimal("0.000000000000000000000001"))
            .setInputUsd(new BigDecimal("0E-24"))
            .setOutputUsd(new BigDecimal("0E-24"))
            .setSavedDedupUsd(new BigDecimal("0E-24"))
            .setSavedPrefixUsd(new BigDecimal("0E-24"))
            .setSavedSpeculationUsd(new BigDecimal("0E-24"))
            .build();
    ProducerRecord<byte[], byte[]> record = written(OutputRecords.costs("costs", format), event);

    assertThat(record.key()).asString(UTF_8).isEqualTo("acme");
    CostEvent read =
        format == RecordFormat.JSON
            ? PlainJson.read(record.value(), CostEvent.class)
            : new AvroCodec<>(CostEvent.class).decode(record.value());
    assertThat(read.getTotalUsd()).isEqualByComparingTo(event.getTotalUsd());
    assertThat(read.getTenant()).isEqualTo("acme");

    event.setTenant(null);
    assertThat(written(OutputRecords.costs("costs", format), event).key()).isNull();
  }

  @Test
  void writesADeadLetterWithAllThatCameAndTheReason() throws Exception {
    ProducerRecord<byte[], byte[]> record =
        written(OutputRecords.deadLetters("dead-letters", SIZE_MAX), LETTER);

    assertThat(record.topic()).isEqualTo("dead-letters");
    assertThat(record.key()).isEqualTo(LETTER.key());
    assertThat(record.value()).isEqualTo(LETTER.value());
    assertThat(headers(record))
        .isEqualTo(
            Map.of(
                "__connect.errors.topic", "prompts",
                "__connect.errors.partition", "4",
                "__connect.errors.offset", "5",
                "__connect.errors.stage", "admit",
                "__connect.errors.exception.class.name", "invalid_json",
                "__connect.errors.exception.message", "no JSON",
                "millrace.error.kind", "terminal",
                "tenant", "acme",
                "traceparent", "00-trace",
                "deadline", "17"));
  }

  @Test
  void writesADeadLetterThatIsTooLargeAsAPointer() throws Exception {
    for (int[] sizes : new int[][] {{0, SIZE_MAX}, {SIZE_MAX, 0}, {SIZE_MAX / 2, SIZE_MAX / 2}}) {
      ProducerRecord<byte[], byte[]> record =
          written(
              OutputRecords.deadLetters("dead-letters", SIZE_MAX),
              letter(new byte[sizes[0]], new byte[sizes[1]], "too large"));
      assertThat(record.key()).isNull();
      assertThat(record.value()).isNull();
      assertThat(headers(record))
          .containsEntry("millrace.value.omitted", "too large; see the source position")
          .containsEntry("__connect.errors.offset", "5")
          .containsEntry("millrace.error.kind", "retryable");
    }
  }

  @Test
  void boundsADeadLettersHeaders() throws Exception {
    ProducerRecord<byte[], byte[]> record =
        written(
            OutputRecords.deadLetters("dead-letters", SIZE_MAX),
            letter(null, null, "m".repeat(1 << 21)));
    assertThat(headers(record).get("__connect.errors.exception.message"))
        .isEqualTo("m".repeat(1024) + "...");
    assertThat(record.value()).isNull();
    assertThat(headers(record)).doesNotContainKey("millrace.value.omitted");
  }

  private static DeadLetter letter(byte[] key, byte[] value, String message) {
    return new DeadLetter(
        key, value, "prompts", 4, 5, null, null, null, "generate-small", "code", message, true);
  }

  private static <T> ProducerRecord<byte[], byte[]> written(
      KafkaRecordSerializationSchema<T> schema, T element) throws Exception {
    schema.open(null, null);
    return schema.serialize(element, null, null);
  }

  private static Map<String, String> headers(ProducerRecord<byte[], byte[]> record) {
    Map<String, String> headers = new LinkedHashMap<>();
    record
        .headers()
        .forEach(header -> headers.put(header.key(), new String(header.value(), UTF_8)));
    assertThat(headers).as("each once").hasSize(record.headers().toArray().length);
    return headers;
  }
}
