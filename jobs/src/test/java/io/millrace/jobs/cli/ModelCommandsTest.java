package io.millrace.jobs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that make, change and measure model files. */
class ModelCommandsTest {
  @TempDir Path folder;

  @Test
  void aModelIsMadeInspectedQuantisedAndMeasured() throws IOException {
    Path made = folder.resolve("made.gguf");
    CommandRun make = make(made, "--type", "F16");
    assertThat(make.exitCode()).isZero();
    assertThat(make.out()).isEmpty();
    assertThat(make.err()).hasSize(1);
    assertThat(make.err().get(0)).startsWith(made + ": ").contains(" parameters, ");

    Path small = folder.resolve("small.gguf");
    CommandRun quantize = run("quantize", made, small, "--type", "q4_k");
    assertThat(quantize.exitCode()).isZero();
    assertThat(quantize.err())
        .contains(
            "blk.*.ffn_down.weight is Q5_0: its rows of 96 are not whole blocks of 256, as Q4_K"
                + " needs");

    CommandRun inspect = run("inspect", small);
    assertThat(inspect.exitCode()).isZero();
    String listing = String.join("\n", inspect.out());
    assertThat(listing)
        .contains("Q4_K       11 tensors", " 4.500 bits a weight", "F32         5 tensors")
        .contains("KV cache 1,024 bytes a token in float32");
    JsonNode json =
        new ObjectMapper().readTree(String.join("\n", run("inspect", "--json", small).out()));
    assertThat(json.get("types")).hasSize(4);
    assertThat(json.get("types").get(1).get("bits_per_weight").doubleValue()).isEqualTo(4.5);
    assertThat(json.get("kv_bytes_per_token_f32").intValue()).isEqualTo(1024);

    Path text = Files.writeString(folder.resolve("text"), "some text, again. ".repeat(8));
    Path result = folder.resolve("result.json");
    CommandRun perplexity =
        run(
            "perplexity",
            "--model",
            small,
            "--file",
            text,
            "--context",
            32,
            "--backend",
            "scalar",
            "--json",
            result);
    assertThat(perplexity.exitCode()).isZero();
    assertThat(perplexity.out()).hasSize(1);
    assertThat(perplexity.out().get(0)).startsWith("perplexity ").contains("windows of 32");
    JsonNode measured = new ObjectMapper().readTree(Files.readString(result));
    assertThat(measured.get("perplexity").doubleValue()).isBetween(100.0, 5000.0); // random weights
    assertThat(measured.get("tokens").intValue())
        .isEqualTo(15 * measured.get("windows").intValue());
  }

  @Test
  void wrongUseIsOneLine() throws IOException {
    Path made = folder.resolve("made.gguf");
    assertThat(make(made, "--type", "IQ1_S"))
        .matches(wrong -> wrong.exitCode() == 2 && wrong.err().size() == 1)
        .extracting(wrong -> wrong.err().get(0))
        .asString()
        .contains("files cannot be written in type IQ1_S");
    assertThat(make(made, "--arch", "mamba").err().get(0)).contains("known: llama, qwen2");
    assertThat(make(made, "--context", 0).err().get(0)).contains("context is 0, must be 1 to");
    assertThat(make(folder.resolve("no/made.gguf")))
        .isEqualTo(
            new CommandRun(
                1,
                List.of(),
                List.of(
                    "millrace: cannot write "
                        + folder.resolve("no/made.gguf")
                        + ": there is no such folder")));
    assertThat(made).doesNotExist();

    assertThat(make(made).exitCode()).isZero();
    assertThat(run("quantize", made, made, "--type", "Q8_0"))
        .isEqualTo(new CommandRun(2, List.of(), List.of("millrace: IN and OUT are the same file")));
    assertThat(run("quantize", folder.resolve("none"), made, "--type", "Q8_0").err())
        .containsExactly("millrace: no such file: " + folder.resolve("none"));
    assertThat(run("quantize", made, folder.resolve("out"), "--type", "Q9").exitCode())
        .isEqualTo(2);

    Path text = Files.writeString(folder.resolve("text"), "short");
    CommandRun tooShort = run("perplexity", "--model", made, "--file", text, "--context", 64);
    assertThat(tooShort.exitCode()).isEqualTo(1);
    assertThat(tooShort.err().get(tooShort.err().size() - 1))
        .contains("fewer than the 64 of one window");
    assertThat(run("perplexity", "--model", made, "--file", text, "--context", 9999).exitCode())
        .isEqualTo(2);
  }

  private CommandRun make(Path out, Object... more) {
    List<Object> args =
        new ArrayList<>(
            List.of("make-model", "--dim", 256, "--layers", 2, "--heads", 4, "--kv-heads", 2));
    args.addAll(List.of("--head-dim", 32, "--ffn", 96, "--vocab", 300));
    args.addAll(List.of(more));
    args.add(out);
    return run(args.toArray());
  }

  private static CommandRun run(Object... args) {
    return CommandRun.of(new FakeModels(null), args);
  }
}
