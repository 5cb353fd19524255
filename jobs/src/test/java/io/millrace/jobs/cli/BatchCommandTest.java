package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The whole of {@code batch} on a real broker and a real cluster, with a model that only shouts.
 */
class BatchCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What the long lines hold, and no other. */
  private static final String LONG = "y".repeat(90);

  @TempDir Path directory;

  /** Runs in a process of its own, to be killed. */
  public static final class FirstRun {
    private FirstRun() {}

    public static void main(String[] args) {
      System.exit(Commands.commandLine(new FakeModels(LONG)).execute(args));
    }
  }

  @Test
  @Timeout(180)
  void killedAndRunAgainAnswersEveryLineOnce() throws Exception {
    List<String> lines = lines();
    Path input = Files.write(directory.resolve("in.jsonl"), lines);
    Path output = directory.resolve("out.jsonl");
    Path errors = directory.resolve("err.jsonl");

    runUntilAnsweredAndKill(input, output, errors);
    assertThat(output).doesNotExist();
    assertThat(errors).doesNotExist();

    long secondRunSeconds = System.currentTimeMillis() / 1_000;
    CommandRun second = batch(input, output, errors);
    assertThat(second.exitCode()).as(() -> String.join("\n", second.err())).isZero();
    assertThat(second.err().get(0)).startsWith("going on with the batch in ");

    List<JsonNode> answers = read(output);
    List<JsonNode> failures = read(errors);
    assertThat(answers)
        .extracting(a -> a.path("custom_id").asText())
        .containsExactlyElementsOf(
            IntStream.range(0, 200).mapToObj(i -> "line-" + i).toList()); // in order, each once
    for (int i = 0; i < answers.size(); i++) {
      JsonNode answer = answers.get(i);
      JsonNode body = answer.path("response").path("body");
      assertThat(answer.path("response").path("status_code").asInt()).isEqualTo(200);
      assertThat(answer.get("error").isNull()).isTrue();
      assertThat(body.path("object").asText()).isEqualTo("chat.completion");
      assertThat(body.at("/choices/0/message/content").asText())
          .isEqualTo(text(i).toUpperCase(java.util.Locale.ROOT));
      assertThat(body.at("/choices/0/finish_reason").asText()).isEqualTo("stop");
    }
    assertThat(answers)
        .filteredOn(
            a -> a.at("/response/body/created").asLong() < secondRunSeconds) // not done again
        .hasSizeGreaterThan(50);
    assertThat(answers)
        .filteredOn(a -> !a.at("/response/body/millrace/cached").asText().equals("none"))
        .hasSize(60);
    assertThat(failures)
        .extracting(
            f -> f.at("/error/line").asInt(),
            f -> f.at("/error/code").asText(),
            f -> f.path("custom_id").asText(null))
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(201, "invalid_json", null),
            org.assertj.core.groups.Tuple.tuple(202, "invalid_request", "no-messages"),
            org.assertj.core.groups.Tuple.tuple(203, "unknown_model", "other-model"),
            org.assertj.core.groups.Tuple.tuple(204, "invalid_request", "negative"),
            org.assertj.core.groups.Tuple.tuple(206, "prompt_too_long", "long"),
            org.assertj.core.groups.Tuple.tuple(207, "duplicate_custom_id", "line-7"),
            org.assertj.core.groups.Tuple.tuple(208, "invalid_request", "url"));
    assertThat(failures.get(3).at("/error/message").asText())
        .startsWith("line 204: ")
        .contains("-5");
    assertThat(failures.get(5).at("/error/message").asText()).contains("in line 8");
    assertThat(directory).isDirectoryNotContaining("glob:**millrace*"); // all work is cleared away
  }

  private static CommandRun batch(Path input, Path output, Path errors) {
    return CommandRun.of(
        new FakeModels(null),
        "batch",
        "--input",
        input,
        "--output",
        output,
        "--errors",
        errors,
        "--set",
        "millrace.model.default.path=none");
  }

  /** The 200 good lines: 90 short, 50 long, 60 that repeat short ones; then the bad ones. */
  private static List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      lines.add(line("line-" + i, text(i)));
    }
    lines.add("{\"custom_id\": \"broken\", ");
    lines.add(withBody("no-messages", "\"model\": \"default\""));
    lines.add(line("other-model", "x").replace("\"default\"", "\"gpt-9\""));
    lines.add(line("negative", "x").replace("\"default\"", "\"default\", \"max_tokens\": -5"));
    lines.add("   ");
    lines.add(line("long", "x".repeat(FakeModels.CONTEXT_TOKENS)));
    lines.add(line("line-7", "again"));
    lines.add(line("url", "x").replace("/v1/chat/completions", "/v1/embeddings"));
    return lines;
  }

  private static String text(int i) {
    if (i < 90) {
      return "short " + i;
    }
    return i < 140 ? i + LONG : "short " + (i - 140);
  }

  private static String line(String id, String content) {
    return withBody(
        id,
        "\"model\": \"default\", \"messages\": [{\"role\": \"user\", \"content\": \""
            + content
            + "\"}]");
  }

  private static String withBody(String id, String fields) {
    return "{\"custom_id\": \""
        + id
        + "\", \"method\": \"POST\", \"url\": \"/v1/chat/completions\", \"body\": {"
        + fields
        + "}}";
  }

  private static List<JsonNode> read(Path file) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  /** The engine of this run stops in the middle: once its answers are committed, so is kill -9. */
  private void runUntilAnsweredAndKill(Path input, Path output, Path errors) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(arg -> arg.startsWith("--add-") || arg.startsWith("-Dorg.apache.avro"))
        .forEach(command::add);
    command.addAll(
        List.of(
            "-Xmx1g",
            "-Dlog4j2.configurationFile=log4j2-quiet.properties",
            "-cp",
            System.getProperty("java.class.path"),
            FirstRun.class.getName(),
            "batch",
            "--input",
            input.toString(),
            "--output",
            output.toString(),
            "--errors",
            errors.toString(),
            "--set",
            "millrace.model.default.path=none"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> seen = new ArrayList<>();
    try (BufferedReader progress = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = progress.readLine(); line != null; line = progress.readLine()) {
        seen.add(line);
        // 150 short lines and 7 errors: more are not answered.
        if (line.startsWith("157/207")) {
          return;
        }
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
    org.assertj.core.api.Assertions.fail("ended by itself: " + String.join("\n", seen));
  }
}
