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

class KvCommandTest {
  private static final Path MODEL = Path.of("../engine-gpu/models/tickets-target-q8_0.gguf");

  @TempDir Path folder;

  @Test
  void saysWhatInt8CostsAndSaves() throws Exception {
    Path json = folder.resolve("result.json");
    Path text = Path.of("../engine-gpu/models/heldout/unseen.jsonl");
    CommandRun run = bench("--file", text, "--context", 100, "--pairs", 1, "--json", json);

    assertThat(run.exitCode()).isZero();
    JsonNode result = new ObjectMapper().readTree(Files.readString(json));
    assertThat(result.get("relative_logit_difference").doubleValue()).isBetween(0.001, 0.02);
    assertThat(result.get("same_top_share").doubleValue()).isBetween(0.9, 1.0);
    assertThat(result.get("int8_bytes").doubleValue() / result.get("f32_bytes").doubleValue())
        .isBetween(0.25, 0.29); // heads of 32
    assertThat(result.get("speed_ratio").doubleValue()).isPositive();
    assertThat(run.out()).hasSize(4);
    assertThat(run.out().get(0)).startsWith("mean |logit difference| ");
  }

  @ParameterizedTest
  @CsvSource({"--context, 1", "--context, 1025", "--pairs, 0"})
  void wrongNumbersAreWrongUse(String option, int value) {
    CommandRun run = bench(option, value);
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(String.join("\n", run.err())).contains(option + " is " + value + ", must be");
  }

  private static CommandRun bench(Object... options) {
    Object[] arguments = new Object[options.length + 4];
    System.arraycopy(new Object[] {"bench", "kv", "--model", MODEL}, 0, arguments, 0, 4);
    System.arraycopy(options, 0, arguments, 4, options.length);
    return CommandRun.of(new FakeModels(null), arguments);
  }
}
