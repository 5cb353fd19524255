package io.millrace.engine.sampling.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import io.millrace.engine.ResponseFormat;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

class SchemaGrammarTest {
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  static final List<String> SCHEMAS = Schemas.ALL;

  @Test
  void acceptsWhatTheSchemaAllowsHoweverItIsWritten() {
    Grammar grammar = schema(Schemas.TICKET);
    String compact =
        "{\"category\":\"defect\",\"product\":\"t\\u00e9\",\"priority\":\"high\",\"sentiment\":\"neutral\","
            + "\"reply\":\"Line\\nbreak \\ud83d\\ude00 é\"}";
    assertThat(grammar.accepts(compact)).isTrue();
    assertThat(grammar.accepts(compact.replace(":\"", ": \"").replace(",\"", ", \""))).isTrue();
    assertThat(grammar.accepts(" " + compact.replace(",\"", ",\r\n\t\t\""))).isTrue();
    assertThat(grammar.accepts(compact.replace("defect", "defects"))).isFalse();
    assertThat(grammar.accepts(compact.replace("\"t\\u00e9", "\"\\ud83d"))).isFalse();
    assertThat(grammar.accepts(compact.replace("\\n", "\n"))).isFalse();
    assertThat(grammar.accepts(compact.replace("\"product\"", "\"prodict\""))).isFalse();
    assertThat(grammar.accepts(compact.replace(",\"reply", ",    \"reply"))).isFalse();
    assertThat(grammar.accepts(compact + " ")).isFalse();
  }

  @Test
  void anyJsonObjectIsOneOfJsonsOwn() throws JsonProcessingException {
    Grammar grammar = Grammar.of(new ResponseFormat.JsonObject());
    assertThat(grammar.accepts("{\"a\": [1, {\"b\": null}, -2.5e-3, \"x\"], \"c\": {}}")).isTrue();
    assertThat(grammar.accepts("[1]")).isFalse();
    assertThat(grammar.accepts("{\"a\": 01}")).isFalse();
    assertThat(grammar.accepts("{\"a\": 1,}")).isFalse();
    assertThat(grammar.accepts("{'a': 1}")).isFalse();
  }

  @ParameterizedTest
  @FieldSource("SCHEMAS")
  void whatARandomModelWritesIsValid(String text) throws Exception {
    JsonSchema validator = validator(text);
    ResponseFormat format = new ResponseFormat.JsonSchema(text);
    RandomAnswers answers = new RandomAnswers(TestVocabulary.json(), new Random(7));
    Grammar grammar = Grammar.of(format);
    int complete = 0;
    for (int i = 0; i < 100; i++) {
      String answer = answers.next(format);
      if (answer != null) {
        JsonNode value = JSON.readTree(answer);
        assertThat(validator.validate(value)).as(answer).isEmpty();
        // What was written by tokens is accepted byte by byte, and so is the same said otherwise.
        assertThat(grammar.accepts(answer)).as(answer).isTrue();
        complete++;
      }
    }
    assertThat(complete).as("complete answers").isGreaterThan(20);
  }

  @ParameterizedTest
  @FieldSource("SCHEMAS")
  void theSameSaidOtherwiseIsAcceptedToo(String text) throws Exception {
    ResponseFormat format = new ResponseFormat.JsonSchema(text);
    RandomAnswers answers = new RandomAnswers(TestVocabulary.json(), new Random(8));
    Grammar grammar = Grammar.of(format);
    for (int i = 0; i < 30; i++) {
      String answer = answers.next(format);
      if (answer != null && !answer.matches("(?s).*[0-9.][eE].*") && !answer.contains("\"\":")) {
        for (String other : Serialisations.of(JSON.readTree(answer))) {
          assertThat(grammar.accepts(other)).as("%s as %s", answer, other).isTrue();
        }
      }
    }
  }

  @ParameterizedTest
  @FieldSource("SCHEMAS")
  void masksAreWhatFollowingEachTokenGives(String text) throws Exception {
    TestVocabulary vocabulary = TestVocabulary.json();
    ResponseFormat format = new ResponseFormat.JsonSchema(text);
    RandomAnswers answers = new RandomAnswers(vocabulary, new Random(9));
    String answer = answers.next(format);
    for (int i = 0; i < 20 && (answer == null || answer.length() > 200); i++) {
      answer = answers.next(format);
    }
    byte[] bytes = (answer == null ? "" : answer).getBytes(StandardCharsets.UTF_8);
    assertThat(RandomAnswers.masksAreExact(Grammar.of(format).automaton(), vocabulary, bytes))
        .isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"not\": {}} | at its root has the keyword \"not\", which is not supported",
        "{\"properties\": {\"a/b\": {\"if\": {}}}} | at /properties/a~1b has the keyword \"if\"",
        "{\"propertes\": {}} | has the keyword \"propertes\", which is not supported",
        "{\"type\": \"array\", \"uniqueItems\": true} | \"uniqueItems\"",
        "{\"type\": \"strin\"} | type that is not one or several of JSON schema's seven types",
        "{\"minLength\": -1} | minLength that is not a whole number",
        "{\"minLength\": \"1\"} | minLength that is not a whole number",
        "{\"minItems\": 1000000} | minItems that is not at most 100000",
        "{\"pattern\": \"a(?=b)\"} | at /pattern cannot be used: the pattern has look-around",
        "{\"format\": \"regex\"} | has the format \"regex\", which is not supported; supported are date,",
        "{\"$ref\": \"#/nowhere\"} | a $ref to what is not there",
        "{\"$ref\": \"http://example.com/a.json\"} | does not point into the schema itself",
        "{\"$ref\": \"#\"} | a $ref that leads back to itself",
        "{\"anyOf\": [{\"$ref\": \"#\"}, {\"type\": \"null\"}]} | a $ref that leads back to itself",
        "{\"anyOf\": []} | anyOf that is not a list of schemas",
        "{\"properties\": {\"a\": 1}} | properties that is not made of schemas",
        "{\"required\": true} | required that is not a list of names",
        "{\"type\": \"number\", \"multipleOf\": 0.3} | multipleOf that is neither whole nor a power of ten",
        "[] | is not an object",
        "{\"type\": | not valid JSON",
        "{\"type\": \"null\", \"type\": \"null\"} | not valid JSON",
        "false | nothing satisfies it",
        "{\"type\": \"integer\", \"minimum\": 3, \"maximum\": 2} | nothing satisfies it",
        "{\"type\": \"string\", \"enum\": [1, 2]} | nothing satisfies it",
        "{\"allOf\": [{\"type\": \"string\"}, {\"type\": \"object\"}]} | nothing satisfies it",
        "{\"properties\": {\"a\": {\"$ref\": \"#\"}}, \"required\": [\"a\"]} | nothing satisfies it",
      })
  void refusesInOneLineWhatItCannotFollow(String schema, String reason) {
    assertThatThrownBy(() -> schema(schema))
        .isInstanceOf(GrammarException.class)
        .hasMessageContaining(reason)
        .hasMessageNotContaining("\n");
  }

  @Test
  void hostileSchemasEndQuickly() {
    String deep = "{\"items\":".repeat(100) + "{}" + "}".repeat(100);
    assertRefusedQuickly(deep, "nested more than 64 deep");
    String values =
        IntStream.range(0, 30_000).mapToObj(Integer::toString).collect(Collectors.joining(","));
    assertThat(schema("{\"enum\":[" + values + "]}").accepts("29999")).isTrue();
    String branch = "{\"anyOf\":[{\"minimum\":1},{\"minimum\":2},{\"minimum\":3}]}";
    assertRefusedQuickly(
        "{\"allOf\":[" + String.join(",", java.util.Collections.nCopies(12, branch)) + "]}",
        "more than 1000 alternatives");
    StringBuilder doubling = new StringBuilder("{\"$ref\":\"#/$defs/d0\",\"$defs\":{");
    for (int i = 0; i < 30; i++) {
      String next = "{\"$ref\":\"#/$defs/d" + (i + 1) + "\"}";
      doubling.append("\"d" + i + "\":{\"anyOf\":[" + next + "," + next + "]},");
    }
    assertRefusedQuickly(doubling + "\"d30\":{\"type\":\"null\"}}}", "more than 1000 alternatives");
    assertRefusedQuickly(
        "{\"type\":\"string\",\"pattern\":\"(a|b)*a(a|b){20}\",\"maxLength\":50}", "too complex");
    assertRefusedQuickly(
        "{\"type\":\"object\",\"properties\":{"
            + IntStream.range(0, 1001)
                .mapToObj(i -> "\"p" + i + "\":{}")
                .collect(Collectors.joining(","))
            + "}}",
        "more than 1000 properties");
    String heavy =
        IntStream.range(0, 200)
            .mapToObj(
                i ->
                    "\"p"
                        + i
                        + "\":{\"type\":\"string\",\"pattern\":\"(a|b)*"
                        + i
                        + "(a|b){0,300}$\",\"maxLength\":"
                        + (40 + i)
                        + "}")
            .collect(Collectors.joining(","));
    assertRefusedQuickly("{\"properties\":{" + heavy + "}}", "too ");
    assertRefusedQuickly(
        "{\"type\":\"string\",\"pattern\":\"^(\\\\p{L}{0,90}x){0,200}$\",\"minLength\":3}", "too ");
    StringBuilder chain = new StringBuilder("{\"$ref\":\"#/$defs/c0\",\"$defs\":{");
    for (int i = 0; i < 2000; i++) {
      chain.append(
          "\"c" + i + "\":{\"properties\":{\"n\":{\"$ref\":\"#/$defs/c" + (i + 1) + "\"}}},");
    }
    assertThat(schema(chain + "\"c2000\":{}}}").accepts("{\"n\":{\"n\":{}}}")).isTrue();
  }

  /** A stand-in for a fuzzer: broken and mixed schemas fail in one line, or compile. */
  @Test
  void mutatedSchemasCompileOrFailInOneLine() {
    Random random = new Random(11);
    List<String> pool = new ArrayList<>(Schemas.ALL);
    int compiled = 0;
    for (int i = 0; i < 4000; i++) {
      String text = GrammarFuzz.mutated(pool.get(random.nextInt(pool.size())), pool, random);
      compiled += GrammarFuzz.fuzz(text.getBytes(StandardCharsets.UTF_8)) ? 1 : 0;
    }
    assertThat(compiled).isBetween(100, 3900);
  }

  private static void assertRefusedQuickly(String schema, String reason) {
    long start = System.nanoTime();
    assertThatThrownBy(() -> schema(schema)).hasMessageContaining(reason);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
  }

  private static Grammar schema(String text) {
    return Grammar.of(new ResponseFormat.JsonSchema(text));
  }

  private static JsonSchema validator(String text) throws JsonProcessingException {
    return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
        .getSchema(
            JSON.readTree(text),
            SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build());
  }
}
