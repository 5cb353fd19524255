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

class EngineCommandTest {
  private static final Path MODEL = Path.of("../engine-gpu/models/tickets-draft-q8_0.gguf");

  @TempDir Path folder;

  @Test
  void measuresEachBatchAndWritesItAsJson() throws Exception {
    Path json = folder.resolve("result.json");
    CommandRun run =
        bench("--batch", "1,3", "--prompt", 20, "--tokens", 4, "--threads", 1, "--json", json);

    assertThat(run.exitCode()).isZero();
    JsonNode result = new ObjectMapper().readTree(Files.readString(json));
    assertThat(result.get("model").textValue()).isEqualTo("tickets-draft-q8_0.gguf");
    assertThat(result.get("threads").intValue()).isEqualTo(1);
    assertThat(result.get("rows")).hasSize(2);
    for (JsonNode row : result.get("rows")) {
      assertThat(row.get("prefill_tokens_per_s").doubleValue()).isPositive();
      assertThat(row.get("decode_tokens_per_s").doubleValue()).isPositive();
      assertThat(row.get("ttft_ms").doubleValue()).isPositive();
      assertThat(row.get("peak_mb").doubleValue()).isGreaterThan(1);
    }
    assertThat(result.at("/rows/1/batch").intValue()).isEqualTo(3);
    assertThat(run.out().get(1)).contains("prefill tok/s", "decode tok/s", "ttft ms", "peak MB");
    assertThat(run.out()).hasSize(5);
  }

  @ParameterizedTest
  @CsvSource({"--batch, 0", "--prompt, 0", "--tokens, 1", "--threads, 257"})
  void wrongNumbersAreWrongUse(String option, int value) {
    CommandRun run = bench(option, value);
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(String.join("\n", run.err())).contains(option + " is " + value + ", must be");
  }

  @Test
  void saysWhenTheContextIsTooShort() {
    CommandRun run = bench("--prompt", 100_000);
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(String.join("\n", run.err()))
        .contains("prompt and answer have 100064 tokens, the model's context");
  }

  private static CommandRun bench(Object... options) {
    Object[] arguments = new Object[options.length + 8];
    System.arraycopy(
        new Object[] {"bench", "engine", "--model", MODEL, "--warm-up", 0, "--repeats", 1},
        0,
        arguments,
        0,
        8);
    System.arraycopy(options, 0, arguments, 8, options.length);
    return CommandRun.of(new FakeModels(null), arguments);
  }
}
