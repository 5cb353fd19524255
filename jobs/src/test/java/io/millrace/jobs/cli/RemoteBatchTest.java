package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.jobs.Models;
import io.millrace.jobs.testing.ModelServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The same file through a model here, chat completions, and messages: only the answers differ. */
class RemoteBatchTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path directory;

  @Test
  @Timeout(180)
  void aBatchIsAnsweredAlikeWhoeverServesTheModel() throws Exception {
    Path input =
        Files.writeString(
            directory.resolve("in.jsonl"),
            """
            {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": [{"role": "system", "content": "Shout."}, {"role": "user", "content": "hello there"}], "max_tokens": 16}}
            {"custom_id": "b", "body": {"messages": [{"role": "user", "content": "second"}], "metadata": {"x": "y"}, "max_tokens": 16}}
            {"custom_id": "c", "body": {"messages": [{"role": "user", "content": "hello again"}], "temperature": 0.5, "n": 2, "max_tokens": 16}}
            {"custom_id": "a again", "body": {"messages": [{"role": "system", "content": "Shout."}, {"role": "user", "content": "hello there"}], "max_tokens": 16}}
            {"custom_id": "bad", "body": {"messages": []}}
            """);
    try (ModelServer server = ModelServer.start()) {
      List<JsonNode> local = batch("local", new FakeModels(null), input, "path=none");
      List<JsonNode> openAi =
          batch(
              "openai",
              Models.configured(),
              input,
              "protocol=openai",
              "url=" + server.url(),
              "remote-model=gpt-4o");
      List<JsonNode> anthropic =
          batch(
              "anthropic",
              Models.configured(),
              input,
              "protocol=anthropic",
              "url=" + server.url(),
              "remote-model=claude-sonnet-4-5");

      assertThat(shapes(openAi)).isEqualTo(shapes(local));
      assertThat(shapes(anthropic)).isEqualTo(shapes(local));
      assertThat(openAi)
          .extracting(line -> line.at("/response/body/choices/0/message/content").asText())
          .containsExactly("HELLO THERE", "SECOND", "HELLO AGAIN", "HELLO THERE");
      assertThat(texts(anthropic)).isEqualTo(texts(openAi));
      // 2 choices, and one prompt twice: 4 calls each.
      assertThat(server.calls).hasSize(8);
      assertThat(server.keys).containsOnly("null");
      // 31 tokens in, 16 of them cached; 11 out: gpt-4o's 2.5, 1.25 and 10 USD a million.
      assertThat(openAi.get(0).at("/response/body/millrace/cost_usd").asText())
          .isEqualTo("0.0001675");
      assertThat(openAi.get(0).at("/response/body/millrace/saved_usd").asText())
          .isEqualTo("0.00002");
      assertThat(openAi.get(0).at("/response/body/usage").toString())
          .isEqualTo(
              "{\"prompt_tokens\":31,\"completion_tokens\":11,\"total_tokens\":42,"
                  + "\"prompt_tokens_details\":{\"cached_tokens\":16}}");
    }
  }

  private List<JsonNode> batch(String name, Models models, Path input, String... options)
      throws Exception {
    Path output = directory.resolve(name + ".jsonl");
    Path errors = directory.resolve(name + ".errors.jsonl");
    List<Object> args =
        new ArrayList<>(List.of("batch", "--input", input, "--output", output, "--errors", errors));
    for (String option : options) {
      args.add("--set");
      args.add("millrace.model.default." + option);
    }
    CommandRun run = CommandRun.of(models, args.toArray());
    assertThat(run.exitCode()).as(() -> String.join("\n", run.err())).isZero();
    assertThat(Files.readAllLines(errors)).hasSize(1);
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(output)) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  private static List<String> texts(List<JsonNode> lines) {
    return lines.stream()
        .flatMap(line -> line.at("/response/body/choices").findValuesAsText("content").stream())
        .toList();
  }

  /** The paths of all fields of a line, with the kinds of their values. */
  private static List<Set<String>> shapes(List<JsonNode> lines) {
    return lines.stream()
        .map(
            line -> {
              Set<String> paths = new TreeSet<>();
              shape("", line, paths);
              return paths;
            })
        .toList();
  }

  private static void shape(String at, JsonNode node, Set<String> paths) {
    if (node.isObject()) {
      for (Map.Entry<String, JsonNode> field : node.properties()) {
        shape(at + "/" + field.getKey(), field.getValue(), paths);
      }
    } else if (node.isArray()) {
      int[] index = {0};
      Stream.iterate(0, i -> i < node.size(), i -> i + 1)
          .forEach(i -> shape(at + "/" + index[0]++, node.get(i), paths));
    } else {
      paths.add(at + ": " + node.getNodeType());
    }
  }
}
