package io.millrace.engine.sampling.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.engine.ResponseFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The JSON Schema Test Suite: what a schema forbids can never be written. What it allows can be,
 * but for the restrictions that {@link SchemaCompiler} lists, each of which has its cases here.
 */
class SchemaSuiteTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Cases of what is allowed and never written. */
  private static final Pattern RESTRICTIONS =
      Pattern.compile(
          "/ignores|additional|other properties|allOf/allOf|allOf with base schema/valid"
              + "|both .*Of valid|not anchored by default|zero-like|float");

  /** What became of the cases of a file. */
  private static final class Outcome {
    int compiled;
    int allowedAndAccepted;
    final List<String> allowedButNot = new ArrayList<>();
    final List<String> forbiddenButAccepted = new ArrayList<>();
    final List<String> refusals = new ArrayList<>();
  }

  @Test
  void forbidsWhatDraft4Forbids() throws IOException {
    JsonNode files;
    try (InputStream in = getClass().getResourceAsStream("/json-schema-test-suite/draft4.json")) {
      files = JSON.readTree(in);
    }
    Outcome all = new Outcome();
    for (var file : files.properties()) {
      run(file.getKey(), file.getValue(), all);
    }
    assertThat(all.forbiddenButAccepted)
        .as("only where one of several must hold alone")
        .allMatch(name -> name.startsWith("oneOf/"));
    assertThat(all.compiled).isGreaterThan(50);
    assertThat(all.refusals)
        .as("refused by the name of a keyword")
        .allMatch(line -> line.matches(".*(has the keyword \".*\"|\\$ref|multipleOf).*"));
    assertThat(all.allowedAndAccepted).isGreaterThan(60);
    // Another type than the keywords are about, properties in another order or that are not listed.
    assertThat(all.allowedButNot)
        .as("%s", all.allowedButNot)
        .allMatch(name -> RESTRICTIONS.matcher(name).find());
  }

  /** The newest draft, from a checkout of the suite. */
  @Test
  void forbidsWhatDraft202012Forbids() throws IOException {
    Path suite = Path.of(System.getProperty("millrace.data", "/nonexistent"), "json-schema-suite");
    assumeTrue(Files.isDirectory(suite), "skipped: no json-schema-suite in millrace.data");
    Outcome all = new Outcome();
    try (Stream<Path> files = Files.list(suite.resolve("tests/draft2020-12"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
        run(file.getFileName().toString(), JSON.readTree(file.toFile()), all);
      }
    }
    assertThat(all.compiled).isGreaterThan(150);
    assertThat(all.allowedAndAccepted).isGreaterThan(200);
    assertThat(all.forbiddenButAccepted).allMatch(name -> name.startsWith("oneOf"));
  }

  private static void run(String file, JsonNode cases, Outcome outcome) {
    for (JsonNode one : cases) {
      Grammar grammar;
      try {
        grammar = Grammar.of(new ResponseFormat.JsonSchema(one.get("schema").toString()));
      } catch (GrammarException e) {
        if (!e.getMessage().equals("nothing satisfies it")) {
          outcome.refusals.add(e.getMessage());
        }
        continue;
      }
      outcome.compiled++;
      for (JsonNode test : one.get("tests")) {
        String name =
            file + "/" + one.get("description").asText() + "/" + test.get("description").asText();
        boolean accepted = grammar.accepts(test.get("data").toString());
        if (test.get("valid").asBoolean()) {
          if (accepted) {
            outcome.allowedAndAccepted++;
          } else {
            outcome.allowedButNot.add(name + " " + one.get("schema") + " " + test.get("data"));
          }
        } else if (accepted) {
          outcome.forbiddenButAccepted.add(name + " " + one.get("schema") + " " + test.get("data"));
        }
      }
    }
  }
}
