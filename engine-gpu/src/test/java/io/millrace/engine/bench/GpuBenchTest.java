package io.millrace.engine.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** All parts on the processor with a model that takes no time: everything but the device. */
class GpuBenchTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @TempDir Path folder;

  @Test
  void measuresEveryPartAndWritesATable() throws IOException {
    Path results = folder.resolve("results.jsonl");
    assertThat(
            run(
                "--backend",
                "scalar",
                "--models",
                "tinier-q4_0",
                "--draft",
                "tinier-f16",
                "--batches",
                "1,2",
                "--context",
                "8",
                "--seconds",
                "0",
                "--requests",
                "2",
                "--kv",
                "f32",
                "--results",
                results.toString()))
        .as(err.toString(UTF_8))
        .isZero();
    List<BenchRow> rows = BenchResults.read(results);
    assertThat(rows)
        .extracting(BenchRow::measure)
        .containsExactly(
            "prompt",
            "prompt, not deterministic",
            "decode",
            "decode",
            "a step, graphs",
            "a step, no graphs",
            "a step with drafts",
            "a step with drafts",
            "continuous batching");
    assertThat(rows).allMatch(row -> row.value() > 0, "has a value");
    assertThat(run("table", results.toString())).isZero();
    assertThat(out.toString(UTF_8)).contains("| tinier-q4_0 | decode | 2 | tokens/s |");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--models 9b-f16; model 9b-f16 is not SHAPE-TYPE, such as 8b-q4_0; shapes: 1b",
        "--models 8b-f17; model 8b-f17: there is no type F17",
        "--batches 1,x; --batches is x, must be 1 to 1024",
        "--speed 3; --speed is no option; there are --backend",
        "--parts steps,all; part all is none of steps, launch, speculation, batching",
        "--kv int4; --kv INT4 is none of F32, F16, INT8",
        "--context; --context needs a value"
      })
  void wrongUseIsOneLine(String arguments, String message) {
    assertThat(run(arguments.split(" "))).isEqualTo(2);
    assertThat(err.toString(UTF_8)).startsWith("gpu-bench: " + message).hasLineCount(1);
  }

  @Test
  void aFileThatIsNotThereIsOneLine() {
    assertThat(run("table", folder.resolve("none").toString())).isEqualTo(1);
    assertThat(err.toString(UTF_8)).startsWith("gpu-bench: NoSuchFileException: ").hasLineCount(1);
  }

  @Test
  void aFileOfSomethingElseIsOneLine() throws IOException {
    Path file = Files.writeString(folder.resolve("text"), "no json\n");
    assertThat(run("table", file.toString())).isEqualTo(1);
    assertThat(err.toString(UTF_8)).contains("text: line 1 is no result").hasLineCount(1);
  }

  private int run(String... arguments) {
    return GpuBench.run(
        List.of(arguments), new PrintWriter(out, true, UTF_8), new PrintWriter(err, true, UTF_8));
  }
}
