package io.millrace.jobs.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.Choice;
import io.millrace.schemas.Message;
import io.millrace.schemas.Response;
import io.millrace.schemas.ResponseFinishReason;
import io.millrace.schemas.TokenLogprob;
import io.millrace.schemas.TopLogprob;
import io.millrace.schemas.Usage;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenAiResponseWriterTest {
  private final ObjectMapper json = new ObjectMapper();
  private final OpenAiResponseWriter writer = new OpenAiResponseWriter();

  static Response.Builder hello() {
    return Response.newBuilder()
        .setRequestId("prompts-0-7")
        .setCustomId("line-1")
        .setTenant("acme")
        .setModel("small")
        .setCreated(Instant.ofEpochMilli(1_700_000_000_999L))
        .setChoices(
            List.of(
                Choice.newBuilder()
                    .setMessage(
                        Message.newBuilder().setRole("assistant").setContent("H\u00c9LLO").build())
                    .setFinishReason(ResponseFinishReason.stop)
                    .build()))
        .setUsage(
            Usage.newBuilder()
                .setPromptTokens(5)
                .setCompletionTokens(6)
                .setTotalTokens(11)
                .setCachedTokens(2)
                .build())
        .setFinishReason(ResponseFinishReason.stop)
        .setCached(CacheOutcome.none)
        .setCostUsd(new BigDecimal("0.000000005000000000000000"))
        .setSavedUsd(new BigDecimal("0E-24"))
        .setQueueMs(1L)
        .setTtftMs(2L)
        .setTotalMs(3L);
  }

  @Test
  void writesMetadataWhereThePromptHadAny() {
    assertThat(
            writer.write(hello().setMetadata(Map.of("b", "2", "a", "1")).build()).get("metadata"))
        .hasToString("{\"a\":\"1\",\"b\":\"2\"}");
    assertThat(writer.write(hello().build()).has("metadata")).isFalse();
  }

  @Test
  void writesAChatCompletionAndOneObjectMore() throws Exception {
    JsonNode expected =
        json.readTree(
            """
            {"id":"chatcmpl-prompts-0-7","object":"chat.completion","created":1700000000,
             "model":"small",
             "choices":[{"index":0,"message":{"role":"assistant","content":"H\\u00c9LLO"},
                         "logprobs":null,"finish_reason":"stop"}],
             "usage":{"prompt_tokens":5,"completion_tokens":6,"total_tokens":11,
                      "prompt_tokens_details":{"cached_tokens":2}},
             "millrace":{"cached":"none","cost_usd":"0.000000005","saved_usd":"0",
                         "model":"small","queue_ms":1,"ttft_ms":2,"total_ms":3}}
            """);
    assertThat(json.readTree(writer.bytes(hello().build()))).isEqualTo(expected);
  }

  @Test
  void namesEveryTimeThoughItNeverCame() throws Exception {
    Response response = hello().setQueueMs(null).setTtftMs(null).setTotalMs(null).build();
    JsonNode millrace = json.readTree(writer.bytes(response)).get("millrace");
    assertThat(millrace.propertyStream().map(java.util.Map.Entry::getKey))
        .containsExactlyInAnyOrder(
            "cached", "cost_usd", "saved_usd", "model", "queue_ms", "ttft_ms", "total_ms");
    assertThat(millrace.get("queue_ms").isNull()).isTrue();
    assertThat(millrace.get("ttft_ms").isNull()).isTrue();
    assertThat(millrace.get("total_ms").isNull()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "0E-24, 0",
    "0.000000000000000000000001, 0.000000000000000000000001",
    "12000.000000000000000000000000, 12000",
    "1E+3, 1000",
    "-0.10, -0.1",
    "99999999999999.999999999999999999999999, 99999999999999.999999999999999999999999"
  })
  void writesAmountsAsPlainDecimals(BigDecimal usd, String written) throws Exception {
    JsonNode tree = json.readTree(writer.bytes(hello().setCostUsd(usd).setSavedUsd(usd).build()));
    assertThat(tree.at("/millrace/cost_usd").textValue()).isEqualTo(written);
    assertThat(tree.at("/millrace/saved_usd").textValue()).isEqualTo(written);
  }

  @Test
  void noKnownPriceIsNull() throws Exception {
    JsonNode tree = json.readTree(writer.bytes(hello().setCostUsd(null).build()));
    assertThat(tree.at("/millrace/cost_usd").isNull()).isTrue();
    assertThat(tree.at("/millrace/saved_usd").textValue()).isEqualTo("0");
  }

  @Test
  void writesLogprobs() throws Exception {
    byte[] half = {(byte) 0xf0, (byte) 0x9f};
    TopLogprob likely = new TopLogprob("H", -0.25, ByteBuffer.wrap(new byte[] {72}));
    TopLogprob impossible = new TopLogprob("x", Double.NEGATIVE_INFINITY, null);
    Response response = hello().build();
    response
        .getChoices()
        .get(0)
        .setLogprobs(
            List.of(
                new TokenLogprob(
                    "\ufffd", -0.5, ByteBuffer.wrap(half), List.of(likely, impossible))));

    assertThat(json.readTree(writer.bytes(response)).at("/choices/0/logprobs"))
        .isEqualTo(
            json.readTree(
                """
                {"content":[{"token":"\\ufffd","logprob":-0.5,"bytes":[240,159],"top_logprobs":[
                  {"token":"H","logprob":-0.25,"bytes":[72]},
                  {"token":"x","logprob":-9999.0,"bytes":null}]}]}
                """));
  }

  @Test
  void tellsWhyThereIsNoAnswer() throws Exception {
    Response response =
        hello()
            .setChoices(List.of())
            .setFinishReason(ResponseFinishReason.expired)
            .setError("too late")
            .build();
    JsonNode tree = json.readTree(writer.bytes(response));
    assertThat(tree.get("choices")).isEmpty();
    assertThat(tree.get("error"))
        .isEqualTo(json.readTree("{\"code\":\"expired\",\"message\":\"too late\"}"));
  }
}
