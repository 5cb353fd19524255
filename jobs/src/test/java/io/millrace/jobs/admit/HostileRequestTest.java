package io.millrace.jobs.admit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import io.millrace.jobs.kafka.PromptRecord;
import io.millrace.jobs.testing.Messages;
import io.millrace.schemas.AvroCodec;
import io.millrace.schemas.Prompt;
import io.millrace.schemas.ReleasedSchemas;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the bytes: a prompt or a RejectedPromptException with one short line. */
class HostileRequestTest {
  private static final int SIZE_MAX = 1 << 20;
  private static final int MUTATIONS = 30_000;

  private static final String[] TOKENS = {
    "null",
    "true",
    "[]",
    "{}",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "NaN",
    "-Infinity",
    "1e400",
    "-0",
    "0.1e-999",
    "9".repeat(60),
    "9".repeat(200),
    "-1",
    "\"\"",
    "\"role\"",
    "\"messages\"",
    "\"content\"",
    "\u0000",
    "\u00ff",
    "[".repeat(70),
    "//",
    "'"
  };

  private final PromptDecoder decoder =
      new PromptDecoder(
          SIZE_MAX, new AvroCodec<>(Prompt.class, ReleasedSchemas.instance(), SIZE_MAX));

  private static String request(String content) {
    return "{\"messages\":[{\"role\":\"user\",\"content\":" + content + "}]}";
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]} {}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}x",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],}",
        "{'messages':[]}",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"a\nb\"}]}",
        "{\"temperature\":NaN}",
        "{\"temperature\":Infinity}",
        "{\"temperature\":+1}",
        "{\"temperature\":01}",
        "{\"user\":\"a\",\"user\":\"b\"}",
        "{\"a\":{\"b\":1,\"b\":1}}",
        "{\"user\":\"\\x41\"}",
        "{/* */}",
        "hello"
      })
  void refusesWhatIsNoJson(String request) {
    assertThatThrownBy(() -> decode(request.getBytes(UTF_8)))
        .isInstanceOfSatisfying(
            RejectedPromptException.class,
            e -> {
              assertThat(e.code()).isEqualTo("invalid_json");
              assertThat(e.getMessage()).matches("not valid JSON at line \\d+, column \\d+");
            });
  }

  @ParameterizedTest
  @ValueSource(ints = {65, 1_000, 100_000})
  void refusesWhatIsTooDeep(int depth) {
    assertThatThrownBy(
            () -> decode(("{\"a\":" + "[".repeat(depth) + "]".repeat(depth) + "}").getBytes(UTF_8)))
        .isInstanceOf(RejectedPromptException.class)
        .hasMessage("nested more than 64 deep, or has too long a number or name");
  }

  @ParameterizedTest
  @ValueSource(strings = {"seed", "temperature", "unknown"})
  void refusesNumbersWithoutEnd(String field) {
    String digits = "1" + "0".repeat(400);
    for (String number : List.of(digits, "-" + digits, "0." + digits)) {
      assertThatThrownBy(() -> decode(("{\"" + field + "\":" + number + "}").getBytes(UTF_8)))
          .isInstanceOf(RejectedPromptException.class)
          .hasMessage("nested more than 64 deep, or has too long a number or name");
    }
  }

  @Test
  void takesAByteOrderMark() throws Exception {
    byte[] json = request("\"hello\"").getBytes(UTF_8);
    ByteArrayOutputStream marked = new ByteArrayOutputStream();
    marked.writeBytes(new byte[] {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF});
    marked.writeBytes(json);

    assertThat(decode(marked.toByteArray())).isEqualTo(decode(json));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u00ff", "\u00c3(", "\u00e2\u0082", "\u00f0\u009f\u0098"})
  void refusesBytesThatAreNotUtf8(String bytes) {
    assertThatThrownBy(() -> decode(request("\"" + bytes + "\"").getBytes(ISO_8859_1)))
        .isInstanceOf(RejectedPromptException.class)
        .hasMessageStartingWith("not valid JSON");
  }

  /** As escapes, and as the bytes that UTF-8 forbids. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\\ud800",
        "\\udc00",
        "\\ud800x",
        "\\udc00\\ud800",
        "\u00ed\u00a0\u0080",
        "\u00ed\u00b0\u0080"
      })
  void refusesHalfASurrogatePairWhereverItStands(String half) {
    for (String request :
        List.of(
            request("\"" + half + "\""),
            "{\"stop\":[\"" + half + "\"]}",
            "{\"metadata\":{\"" + half + "\":\"a\"}}",
            "{\"tools\":[{\"" + half + "\":1}]}",
            "{\"custom_id\":\"" + half + "\",\"body\":{}}")) {
      assertThatThrownBy(() -> decode(request.getBytes(ISO_8859_1)))
          .isInstanceOf(RejectedPromptException.class)
          .satisfies(
              e ->
                  assertThat(e.getMessage())
                      .matches("a string holds half a surrogate pair|not valid JSON at line .*"));
    }
  }

  @Test
  void takesWholeSurrogatePairs() throws Exception {
    assertThat(decode(request("\"\\ud83d\\ude00\"").getBytes(UTF_8)).getMessages())
        .containsExactly(Messages.of("user", "\ud83d\ude00"));
  }

  @Test
  void neverQuotesContent() {
    String secret = "s3cret";
    for (String request :
        List.of(
            request("\"" + secret + "\"") + secret,
            request("\"" + secret),
            request(secret),
            request("{\"" + secret + "\":1}"),
            "{\"" + secret + "\":1,\"" + secret + "\":1}")) {
      assertThatThrownBy(() -> decode(request.getBytes(UTF_8)))
          .isInstanceOf(RejectedPromptException.class)
          .hasMessageNotContaining(secret);
    }
  }

  @Test
  void survivesMutatedRequests() {
    byte[] json =
        """
        {"custom_id":"c","method":"POST","url":"/v1/chat/completions","body":{"model":"m",
        "messages":[{"role":"system","content":"a\\n\\u00e9\\ud83d\\ude00"},
        {"role":"user","name":"n","content":[{"type":"text","text":"b"}]}],"temperature":0.5,
        "top_p":0.9,"top_k":4,"min_p":0.1,"repetition_penalty":1.1,"seed":12,"stop":["x","y"],
        "max_tokens":5,"logprobs":true,"top_logprobs":2,"n":1,"response_format":{"type":"text"},
        "metadata":{"k":"v"},"service_tier":"flex","priority":1,"deadline":1700000000000,
        "cache":{"no-cache":false,"no-store":true,"use-cache":null,"ttl":5,"namespace":"n"},
        "prompt_cache_key":"k","cache_salt":"s"}}"""
            .getBytes(UTF_8);
    assertSurvivesMutationsOf(json, 1);
  }

  @Test
  void survivesMutatedAvro() {
    Prompt prompt =
        Prompt.newBuilder()
            .setTenant("acme")
            .setMessages(List.of(Messages.of("user", "hello")))
            .setStop(List.of("a", "b"))
            .build();
    assertSurvivesMutationsOf(new AvroCodec<>(Prompt.class).encode(prompt), 2);
  }

  private void assertSurvivesMutationsOf(byte[] valid, long seed) {
    Random random = new Random(seed);
    int taken = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] bytes = valid;
      for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
        bytes = mutated(bytes, random);
      }
      try {
        decode(bytes);
        taken++;
      } catch (RejectedPromptException e) {
        assertThat(e.getMessage()).isNotBlank().hasSizeLessThan(400).doesNotContain("\n");
      } catch (RuntimeException | Error e) {
        fail("seed " + seed + ", mutation " + i + ": " + new String(bytes, ISO_8859_1), e);
      }
    }
    assertThat(taken).as("some mutations leave a valid request").isBetween(1, MUTATIONS - 1);
  }

  private static byte[] mutated(byte[] bytes, Random random) {
    int at = random.nextInt(bytes.length);
    int end = Math.min(bytes.length, at + random.nextInt(8));
    byte[] instead =
        switch (random.nextInt(5)) {
          case 0 -> new byte[] {(byte) random.nextInt(256)};
          case 1 -> TOKENS[random.nextInt(TOKENS.length)].getBytes(ISO_8859_1);
          case 2 -> Arrays.copyOfRange(bytes, at / 2, at); // a piece again, elsewhere
          case 3 -> new byte[0];
          default -> {
            byte[] flipped = Arrays.copyOfRange(bytes, at, at + 1);
            flipped[0] ^= (byte) (1 << random.nextInt(8));
            end = at + 1;
            yield flipped;
          }
        };
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, at);
    out.writeBytes(instead);
    out.write(bytes, end, bytes.length - end);
    return out.size() == 0 ? bytes : out.toByteArray();
  }

  private Prompt decode(byte[] value) throws RejectedPromptException {
    return decoder.decode(new PromptRecord("t", 0, 0, 0, null, value, null, null, null));
  }
}
