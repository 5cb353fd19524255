package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrefixCommandTest {
  @TempDir Path folder;

  @Test
  void printsTheHitRateAndWritesItAsJson() throws Exception {
    Path trace =
        trace(
            """
            {"timestamp": 0, "input_length": 1500, "output_length": 6, "hash_ids": [0, 1, 2]}

            {"timestamp": 9, "input_length": 1100, "output_length": 2, "hash_ids": [0, 1, 3]}
            {"timestamp": 9, "input_length": 20, "output_length": 2, "hash_ids": [4, 5]}\
            """);
    Path json = folder.resolve("result.json");
    CommandRun run =
        CommandRun.of(
            new FakeModels(null),
            "bench",
            "prefix",
            "--trace",
            trace,
            "--blocks",
            10,
            "--json",
            json);

    assertThat(run.exitCode()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out()).contains("requests        3", "block hit rate  0.2500");
    JsonNode result = new ObjectMapper().readTree(Files.readString(json));
    assertThat(result.fieldNames())
        .toIterable()
        .containsExactly("blocks", "block_hit_rate", "requests");
    assertThat(result.get("blocks").intValue()).isEqualTo(10);
    assertThat(result.get("block_hit_rate").doubleValue()).isEqualTo(0.25);
    assertThat(result.get("requests").intValue()).isEqualTo(3);
  }

  @Test
  void saysThatARequestIsTooLong() throws Exception {
    Path trace = trace("{\"hash_ids\": [1, 2, 3]}\n");
    CommandRun run =
        CommandRun.of(new FakeModels(null), "bench", "prefix", "--trace", trace, "--blocks", 2);
    assertThat(run.exitCode()).isZero();
    assertThat(run.err())
        .containsExactly(
            "millrace: 1 requests have more than 2 blocks; nothing of them was cached");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "no json           | , line 2: not JSON",
        "{\"hash_ids\": []} x | , line 2: not JSON",
        "[]                | , line 2: it has no list hash_ids",
        "{\"hash_ids\": 3} | , line 2: it has no list hash_ids",
        "{\"hash_ids\": [\"a\"]} | , line 2: hash_ids has an element that is no 64-bit whole number",
        "{\"hash_ids\": [1e99]} | , line 2: hash_ids has an element that is no 64-bit whole number",
        "{\"hash_ids\": [9223372036854775808]} | , line 2: hash_ids has an element that is no"
            + " 64-bit whole number",
      })
  void refusesAWrongLineInOneLine(String line, String problem) throws Exception {
    Path trace = trace("{\"hash_ids\": [1]}\n" + line + "\n");
    CommandRun run =
        CommandRun.of(new FakeModels(null), "bench", "prefix", "--trace", trace, "--blocks", 2);
    assertThat(run.exitCode()).isEqualTo(ExitCodes.FAILURE);
    assertThat(run.err()).containsExactly("millrace: " + trace + problem);
  }

  @Test
  void refusesWhatItCannotMeasure() throws Exception {
    Path none = folder.resolve("none.jsonl");
    CommandRun missing =
        CommandRun.of(new FakeModels(null), "bench", "prefix", "--trace", none, "--blocks", 2);
    assertThat(missing.exitCode()).isEqualTo(ExitCodes.FAILURE);
    assertThat(missing.err()).containsExactly("millrace: no such file: " + none);

    Path empty = trace("\n");
    CommandRun nothing =
        CommandRun.of(new FakeModels(null), "bench", "prefix", "--trace", empty, "--blocks", 2);
    assertThat(nothing.exitCode()).isEqualTo(ExitCodes.FAILURE);
    assertThat(nothing.err()).containsExactly("millrace: " + empty + " holds no blocks");

    CommandRun tooMany =
        CommandRun.of(
            new FakeModels(null), "bench", "prefix", "--trace", empty, "--blocks", 1_000_001);
    assertThat(tooMany.exitCode()).isEqualTo(ExitCodes.WRONG_USE);
    assertThat(tooMany.err())
        .containsExactly("millrace: --blocks is 1000001, must be 1 to 1000000");
  }

  @Test
  void benchAloneSaysThatItWantsABenchmark() {
    CommandRun run = CommandRun.of(new FakeModels(null), "bench");
    assertThat(run.exitCode()).isEqualTo(ExitCodes.WRONG_USE);
    assertThat(run.err().get(0))
        .isEqualTo("millrace: say what to measure: millrace bench BENCHMARK");
  }

  private Path trace(String lines) throws Exception {
    return Files.writeString(folder.resolve("trace.jsonl"), lines);
  }
}
