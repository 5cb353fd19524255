package io.millrace.jobs.cli.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.cli.watch.EventLine;
import io.millrace.jobs.kafka.OpenAiResponseWriter;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.Choice;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.Message;
import io.millrace.schemas.PlainJson;
import io.millrace.schemas.Response;
import io.millrace.schemas.ResponseFinishReason;
import io.millrace.schemas.Usage;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class EventsTest {
  private static final String TOPIC = "millrace.responses";

  @Test
  void anAnswerReadsTheSameFromJsonAndAvro() throws Exception {
    AnswerEvent.Decoder decoder = new AnswerEvent.Decoder();
    AnswerEvent json = decoder.decode(json());
    AnswerEvent avro = decoder.decode(record(new AvroCodec<>(Response.class).encode(response())));
    assertThat(avro.body()).isEqualTo(json.body());
    assertThat(avro.customId()).isEqualTo(json.customId()).isEqualTo("mine");
    assertThat(json.requestId()).isEqualTo("millrace.prompts-2-7");
    assertThat(json.text()).isEqualTo("Hello\nthere");
    assertThat(json.reused()).isTrue();
    assertThat(json.savedUsd()).isEqualByComparingTo("0.000123");
    assertThat(json.error()).isNull();

    Tally tally = new Tally();
    tally.add(json);
    tally.addErrors(1);
    assertThat(tally.settled()).isEqualTo(2);
    assertThat(tally.coalesced()).isEqualTo(1);
    assertThat(tally.generatedTokens()).isZero(); // it was generated for another prompt
  }

  @Test
  void linesForPeopleStayOnOneLine() {
    String line = EventLine.of(TOPIC, false).print(json());
    assertThat(line)
        .contains(
            "millrace.prompts-2-7  acme  default  coalesced  3 tokens  12 ms  $0  Hello there");
    assertThat(EventLine.of(TOPIC, true).print(json())).startsWith("{\"id\":\"chatcmpl-");
  }

  @Test
  void deviceTimeWithoutAPromptIsALineToo() {
    CostEvent idle =
        CostEvent.newBuilder()
            .setKind(CostKind.idle)
            .setModel("default")
            .setDeviceNanos(9_500_000_000L)
            .setTotalUsd(new BigDecimal("0.25"))
            .setEventTime(Instant.ofEpochMilli(1))
            .build();
    assertThat(EventLine.of("millrace.costs", false).print(record(PlainJson.write(idle))))
        .endsWith("  idle  default  9.500 s  $0.25");
  }

  @Test
  void whatIsNoEventIsToldAndNotThrown() {
    byte[] nonsense = "nonsense".getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> new AnswerEvent.Decoder().decode(record(nonsense)))
        .isInstanceOf(UnreadableEventException.class);
    for (String topic : List.of("responses", "costs", "tokens", "dead-letters", "prompts")) {
      assertThat(EventLine.of("millrace." + topic, false).print(record(nonsense)))
          .startsWith(TOPIC + "-0-0  not understood: ");
    }
  }

  @Test
  void aDeadLetterLeadsToItsPrompt() throws Exception {
    ConsumerRecord<byte[], byte[]> record = record(new byte[0]);
    header(record, "__connect.errors.topic", "millrace.prompts");
    header(record, "__connect.errors.partition", "0");
    header(record, "__connect.errors.offset", "41");
    header(record, "__connect.errors.exception.message", "not valid JSON at line 1, column 9");
    DeadLetterEvent letter = DeadLetterEvent.of(record);
    assertThat(letter.requestId()).isEqualTo("millrace.prompts-0-41");
    assertThat(letter.messageOnOneLine()).isEqualTo("not valid JSON at column 9");
  }

  private static ConsumerRecord<byte[], byte[]> json() {
    ConsumerRecord<byte[], byte[]> record = record(new OpenAiResponseWriter().bytes(response()));
    header(record, "millrace.request-id", response().getRequestId());
    header(record, "millrace.custom-id", "mine");
    header(record, "millrace.tenant", "acme");
    return record;
  }

  private static Response response() {
    return Response.newBuilder()
        .setRequestId("millrace.prompts-2-7")
        .setCustomId("mine")
        .setTenant("acme")
        .setModel("default")
        .setCreated(Instant.ofEpochSecond(1_700_000_000))
        .setChoices(
            List.of(
                Choice.newBuilder()
                    .setMessage(
                        Message.newBuilder()
                            .setRole("assistant")
                            .setContent("Hello\nthere")
                            .build())
                    .setFinishReason(ResponseFinishReason.stop)
                    .build()))
        .setUsage(
            Usage.newBuilder().setPromptTokens(5).setCompletionTokens(3).setTotalTokens(8).build())
        .setCached(CacheOutcome.coalesced)
        .setCostUsd(BigDecimal.ZERO.setScale(24))
        .setSavedUsd(new BigDecimal("0.000123").setScale(24))
        .setTotalMs(12L)
        .build();
  }

  private static ConsumerRecord<byte[], byte[]> record(byte[] value) {
    return new ConsumerRecord<>(TOPIC, 0, 0, null, value);
  }

  private static void header(ConsumerRecord<byte[], byte[]> record, String name, String value) {
    record.headers().add(name, value.getBytes(StandardCharsets.UTF_8));
  }
}
