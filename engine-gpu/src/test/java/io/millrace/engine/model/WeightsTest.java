package io.millrace.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.backend.Activation;
import io.millrace.engine.backend.AttentionSpec;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.cpu.CpuBackends;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.gguf.GgufValue;
import io.millrace.engine.gguf.GgufWriter;
import io.millrace.engine.gguf.ModelSource;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightsTest {
  private static final ToyLlama SHAPE = ToyLlama.blocks(GgmlType.Q8_0);

  @TempDir Path folder;

  @Test
  void readsAModel() throws IOException {
    try (GgufFile file = GgufFile.open(SHAPE.write(folder.resolve("toy.gguf")));
        Backend backend = CpuBackends.fastest(1);
        Weights weights = Weights.load(file, backend)) {
      AttentionSpec attention = AttentionSpec.full(0.25f); // 1 / sqrt(16)
      RopeConfig rope = RopeConfig.plain(16, 1000, 128);
      assertThat(weights.config())
          .isEqualTo(
              new ModelConfig(
                  Architecture.byName("llama").orElseThrow(),
                  77,
                  128,
                  96,
                  6,
                  2,
                  16,
                  160,
                  1e-5f,
                  Activation.SILU,
                  1f,
                  0f,
                  rope,
                  rope,
                  List.of(attention, attention)));
      assertThat(weights.layers()).hasSize(2);
      assertThat(weights.output()).isEqualTo(Linear.of(weights.tokenEmbeddings()));
      assertThat(weights.layers().get(1).down().weight().type()).isEqualTo(GgmlType.Q8_0);
    }
  }

  @Test
  void takesAboutTheFilesSizeInMemory() throws IOException {
    // 10 blocks of 1024 x 1024: padding of odd sizes does not matter here
    ToyLlama large = new ToyLlama(GgmlType.Q4_0, 256, 512, 1, 8, 2, 64, 64, 1024, true);
    Path path = large.write(folder.resolve("large.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend backend = CpuBackends.fastest(1);
        Weights weights = Weights.load(file, backend)) {
      assertThat(weights.bytes()).isBetween(Files.size(path) * 9 / 10, Files.size(path) * 11 / 10);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "general.architecture | mamba |"
            + " architecture 'mamba' is not supported;"
            + " known: llama, qwen2, qwen3, gemma2, gemma3, phi3, bitnet",
        "llama.rope.scaling.type | dynamic |"
            + " rope.scaling.type 'dynamic' is not supported; known: none, linear, yarn, longrope",
        "llama.hidden_activation | gelu |"
            + " hidden_activation 'gelu' is not supported; known: silu, gelu_pytorch_tanh, relu2"
      })
  void refusesWhatItDoesNotKnow(String key, String value, String message) throws IOException {
    assertRefused(SHAPE.writer().put(key, GgufValue.ofString(value)), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "llama.block_count | 0 | llama.block_count is 0, must be 1 to 1024",
        "llama.block_count | 3 | there is no tensor blk.2.attn_norm.weight",
        "llama.embedding_length | 64 | tensor token_embd.weight is 77 x 96, must be 77 x 64",
        "llama.attention.head_count_kv | 4 |"
            + " attention.head_count is no multiple of head_count_kv",
        "llama.rope.dimension_count | 17 | llama.rope.dimension_count is 17, must be 1 to 16",
        "llama.rope.dimension_count | 15 | rope.dimension_count is odd",
        "llama.expert_count | 8 | the model is a mixture of experts, which is not supported",
        "llama.vocab_size | 78 | vocab_size differs from the rows of token_embd.weight"
      })
  void refusesWhatDoesNotFit(String key, int value, String message) throws IOException {
    assertRefused(SHAPE.writer().put(key, GgufValue.ofUint32(value)), message);
  }

  @Test
  void refusesTensorsItWouldIgnore() throws IOException {
    assertRefused(
        SHAPE
            .writer()
            .tensor(
                "blk.0.attn_q_norm.weight",
                GgmlType.F32,
                new long[] {16},
                out -> out.write(new byte[4 * 16])),
        "tensor 'blk.0.attn_q_norm.weight' has no place in this architecture as the engine knows it");
  }

  @Test
  void refusesTypesTheBackendCannotMultiply() throws IOException {
    ToyLlama wide = new ToyLlama(GgmlType.IQ2_XXS, 40, 256, 1, 4, 4, 64, 64, 256, true);
    assertRefused(wide.writer(), "tensor token_embd.weight is IQ2_XXS, which cpu-");
  }

  private void assertRefused(GgufWriter writer, String message) throws IOException {
    Path path = folder.resolve("refused.gguf");
    writer.write(path);
    try (GgufFile file = GgufFile.open(path);
        Backend backend = CpuBackends.fastest(1)) {
      assertThatThrownBy(() -> Weights.load(unread(file), backend))
          .isInstanceOf(GgufFormatException.class)
          .hasMessageContaining(message)
          .hasMessageStartingWith(path.toString());
    }
  }

  /** What is wrong with the last tensor is said before the first one's gigabytes are read. */
  private static ModelSource unread(ModelSource source) {
    return (ModelSource)
        Proxy.newProxyInstance(
            WeightsTest.class.getClassLoader(),
            new Class<?>[] {ModelSource.class},
            (proxy, method, args) -> {
              assertThat(method.getName()).isNotEqualTo("read");
              return method.invoke(source, args);
            });
  }
}
