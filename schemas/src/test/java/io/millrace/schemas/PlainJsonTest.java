package io.millrace.schemas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlainJsonTest {
  private static final String ANOMALY =
      "{\"id\":\"a\",\"detector\":\"d\",\"signal\":\"s\",\"window_start\":1,\"window_end\":2,"
          + "\"first_seen\":1,\"value\":1.5%s}";

  @Test
  void aRecordReadsLikeItsSchema() throws FramingException {
    CostEvent event =
        CostEvent.newBuilder()
            .setKind(CostKind.request)
            .setIsFinal(true)
            .setRequestId("prompts-0-7")
            .setCached(CacheOutcome.hit)
            .setEventTime(Instant.ofEpochMilli(1_700_000_000_123L))
            .setInputUsd(BigDecimal.ZERO)
            .setTotalUsd(new BigDecimal("0.000120"))
            .build();

    String json = new String(PlainJson.write(event), StandardCharsets.UTF_8);

    assertThat(json)
        .startsWith("{\"kind\":\"request\",\"is_final\":true,\"request_id\":\"prompts-0-7\",")
        .contains("\"cached\":\"hit\"", "\"event_time\":1700000000123,")
        .contains("\"total_usd\":\"0.00012\"", "\"input_usd\":\"0\"")
        .doesNotContain("null", "output_usd", "\n");
    CostEvent read = PlainJson.read(json.getBytes(StandardCharsets.UTF_8), CostEvent.class);
    assertThat(read.getTotalUsd()).isEqualByComparingTo("0.00012");
    assertThat(read.getOutputUsd()).as("no known price").isNull();
    assertThat(read.getEventTime()).isEqualTo(event.getEventTime());
  }

  @Test
  void timesKeepTheirUnitAndBytesAreNumbers() throws FramingException {
    Instant time = Instant.parse("2026-01-02T03:04:05.678901Z");
    TokenEvent event =
        TokenEvent.newBuilder().setRequestId("p-0-0").setIndex(0).setTime(time).build();
    assertThat(text(PlainJson.write(event))).contains("\"time\":1767323045678901");
    assertThat(PlainJson.read(PlainJson.write(event), TokenEvent.class)).isEqualTo(event);

    TopLogprob top = new TopLogprob("\u00e4", -0.5, ByteBuffer.wrap(new byte[] {(byte) 0xC3, -92}));
    assertThat(text(PlainJson.write(top))).contains("\"bytes\":[195,164]");
  }

  @Test
  void missingFieldsTakeDefaultsAndUnknownOnesAreSkipped() throws FramingException {
    Anomaly read = anomaly(",\"severity\":\"apocalyptic\",\"new\":{\"a\":[1]},\"score\":null");
    assertThat(read.getSeverity()).isEqualTo(AnomalySeverity.unknown);
    assertThat(read.getState()).isEqualTo(AnomalyState.unknown);
    assertThat(read.getMessage()).isEmpty();
    assertThat(read.getScore()).isNull();
  }

  @Test
  void defaultsAreNotSharedBetweenRecords() throws FramingException {
    byte[] json = bytes("{\"messages\":[]}");
    PlainJson.read(json, Prompt.class).getStop().add("x");
    assertThat(PlainJson.read(json, Prompt.class).getStop()).isEmpty();
  }

  @Test
  void numbersThatJsonLacksAreStrings() throws FramingException {
    assertThat(anomaly(",\"score\":\"NaN\"").getScore()).isNaN();
    assertThat(anomaly(",\"score\":\"-Infinity\"").getScore()).isNegative();
    assertThat(anomaly(",\"score\":3").getScore()).isEqualTo(3.0);
  }

  @Test
  void whatIsWrongIsSaidInOneLineWithoutTheContent() {
    refused("{\"secret\"", "not valid JSON at line 1");
    refused("", "Anomaly is of type missing, must be an object");
    refused("[]", "Anomaly is of type array, must be an object");
    refused("{}", "Anomaly.id is missing");
    refused(ANOMALY.formatted("") + "{}", "not valid JSON at line 1");
    refused(ANOMALY.formatted(",\"score\":\"secret\""), "Anomaly.score is of type string");
    refused(ANOMALY.formatted(",\"id\":\"secret\""), "not valid JSON");
    refused(ANOMALY.formatted(",\"severity\":7"), "Anomaly.severity is of type number");
    refused(ANOMALY.replace("\"window_end\":2", "\"window_end\":2.5").formatted(""), "window_end");
    refused(
        ANOMALY.formatted(",\"score\":" + "9".repeat(65)), "too deep, or has too long a name or");
    assertThatThrownBy(
            () ->
                PlainJson.read(
                    bytes("{\"messages\":[{\"role\":\"user\"},{\"content\":\"secret\"}]}"),
                    Prompt.class))
        .hasMessage("Prompt.messages[1].role is missing");
    assertThatThrownBy(
            () -> PlainJson.read(bytes("{\"messages\":[],\"top_k\":3000000000}"), Prompt.class))
        .hasMessageContaining("Prompt.top_k must be from -2147483648 to 2147483647");
  }

  @Test
  void amountsMustFitIntoTheirDecimal() throws FramingException {
    assertThat(cost("\"1e2\"").getTotalUsd()).isEqualByComparingTo("100");
    assertThat(cost("\"0E+999999999\"").getTotalUsd()).isZero();
    for (String amount : List.of("\"1E+999999999\"", "\"1E-25\"", "\"123456789012345\"")) {
      assertThatThrownBy(() -> cost(amount))
          .isInstanceOf(FramingException.class)
          .hasMessage("CostEvent.total_usd must fit into decimal(38, 24)");
    }
    assertThatThrownBy(() -> cost("\"one\"")).hasMessage("CostEvent.total_usd is not a decimal");
    assertThatThrownBy(() -> cost("1.5")).hasMessageContaining("must be a decimal as a string");
  }

  @Test
  void aRequiredFieldThatIsNullIsNotWritten() {
    assertThatThrownBy(() -> PlainJson.write(new Anomaly()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Anomaly.id is null");
  }

  private static Anomaly anomaly(String more) throws FramingException {
    return PlainJson.read(bytes(ANOMALY.formatted(more)), Anomaly.class);
  }

  private static CostEvent cost(String amount) throws FramingException {
    return PlainJson.read(
        bytes("{\"event_time\":1,\"total_usd\":" + amount + "}"), CostEvent.class);
  }

  private static void refused(String json, String message) {
    assertThatThrownBy(() -> PlainJson.read(bytes(json), Anomaly.class))
        .isInstanceOfSatisfying(FramingException.class, e -> assertThat(e.retryable()).isFalse())
        .hasMessageContaining(message)
        .hasMessageNotContaining("secret")
        .hasMessageNotContaining("\n");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
