package io.millrace.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.millrace.engine.backend.AttentionSpec;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.cpu.CpuBackends;
import io.millrace.engine.backend.cpu.ScalarBackend;
import io.millrace.engine.backend.cuda.CudaBackend;
import io.millrace.engine.backend.cuda.ptx.PtxDriver;
import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.gguf.GgufValue;
import io.millrace.engine.gguf.GgufWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every architecture against llama.cpp, whose logits lie in resources (see their README). */
class ArchitectureTest {
  private static final int BLOCK_TOKENS = 5;
  private static final int[] TOKENS = TinyModel.TOKENS;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void logitsAreThoseOfLlamaCpp(TinyModel tiny) throws IOException {
    // llama.cpp looks GELU up in a table of binary16
    float tolerance = tiny.name().startsWith("GEMMA") ? 5e-3f : 5e-5f;
    float[] expected = expected(tiny);
    Path path = tiny.write(folder.resolve("tiny.gguf"));
    for (Backend backend :
        new Backend[] {
          new ScalarBackend(1),
          CpuBackends.vector(1),
          new CudaBackend(new PtxDriver(64 << 20)) // interpreted
        }) {
      try (backend) {
        float[][] logits = whole(path, backend);
        for (int row = 0; row < TOKENS.length; row++) {
          for (int id = 0; id < TinyModel.VOCAB; id++) {
            assertThat(logits[row][id])
                .as("%s, row %d, token %d", backend.name(), row, id)
                .isCloseTo(expected[row * TinyModel.VOCAB + id], within(tolerance));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void isTheSameToTheBitInAnyCompany(TinyModel tiny) throws IOException {
    Path path = tiny.write(folder.resolve("tiny.gguf"));
    try (Backend one = CpuBackends.vector(1);
        Backend three = CpuBackends.vector(3);
        Transformer threads = load(path, three)) {
      float[][] whole = whole(path, one);
      int[] other = {4, 4, 30, 2, 11, 19, 7};
      for (int chunk : new int[] {1, 3, 7}) {
        for (int from = 0; from < TOKENS.length; from += chunk) {
          int to = Math.min(TOKENS.length, from + chunk);
          BatchBuilder batch =
              new BatchBuilder(BLOCK_TOKENS).add(TOKENS, from, to, 7, 0, 4).add(other, 0, 7, 2, 6);
          float[][] rows = BatchBuilder.run(threads, batch.build());
          for (int row = from; row < to; row++) {
            assertThat(rows[row - from]).as("row %d", row).isEqualTo(whole[row]);
          }
        }
      }
    }
  }

  @Test
  void reluSquaredIsTheFilesChoice() throws IOException {
    GgufWriter writer = TinyModel.BITNET.writer();
    writer.put("bitnet.hidden_activation", GgufValue.ofString("relu2"));
    try (Backend scalar = new ScalarBackend(1);
        Backend vector = CpuBackends.vector(1)) {
      float[][] expected = whole(write(writer), scalar);
      float[][] actual = whole(write(writer), vector);
      float[][] silu = whole(TinyModel.BITNET.write(folder.resolve("silu.gguf")), scalar);
      for (int id = 0; id < TinyModel.VOCAB; id++) {
        assertThat(actual[11][id]).isCloseTo(expected[11][id], within(1e-5f));
      }
      assertThat(expected[11]).isNotEqualTo(silu[11]);
    }
  }

  @Test
  void aWindowHidesWhatLiesBeforeIt() throws IOException {
    // Two layers that see 3 positions each: position 11 depends on 7 and later ones.
    GgufWriter windowed = TinyModel.LLAMA.writer();
    windowed.put("llama.attention.sliding_window", GgufValue.ofUint32(3));
    Path path = write(windowed);
    try (Backend backend = CpuBackends.vector(1);
        Transformer model = load(path, backend)) {
      float[] expected = last(model, TOKENS);
      int[] hidden = TOKENS.clone();
      hidden[6]++;
      assertThat(last(model, hidden)).isEqualTo(expected);
      int[] seen = TOKENS.clone();
      seen[7]++;
      assertThat(last(model, seen)).isNotEqualTo(expected);
    }
  }

  @Test
  void layersTakeTurnsAsTheArchitectureOrTheFileSays() throws IOException {
    assertThat(windows(TinyModel.GEMMA2.writer())).containsExactly(4, 0, 4);
    assertThat(windows(TinyModel.GEMMA3.writer())).containsExactly(4, 4, 4, 4, 4, 0, 4);
    assertThat(windows(TinyModel.LLAMA.writer())).containsExactly(0, 0);
    GgufWriter period = TinyModel.GEMMA3.writer();
    period.put("gemma3.attention.sliding_window_pattern", GgufValue.ofUint32(3));
    assertThat(windows(period)).containsExactly(4, 4, 0, 4, 4, 0, 4);
  }

  @Test
  void theLargestGemmaScalesItsScoresByTheModelsWidth() throws IOException {
    assertThat(scale(TinyModel.GEMMA2.writer())).isEqualTo(0.25f); // 1 / sqrt(16)
    GgufWriter large = TinyModel.GEMMA2.writer();
    large.put("gemma2.block_count", GgufValue.ofUint32(46));
    assertThat(scale(large)).isEqualTo((float) (1 / Math.sqrt(32 / 4)));
    GgufWriter explicit = TinyModel.GEMMA2.writer();
    explicit.put("gemma2.attention.scale", GgufValue.ofFloat(0.125f));
    assertThat(scale(explicit)).isEqualTo(0.125f);
  }

  @Test
  void theContextDecidesWhichRotationsAreUsed() throws IOException {
    Path path = TinyModel.PHI3_LONG.write(folder.resolve("tiny.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend backend = new ScalarBackend(1);
        Weights weights = Weights.load(file, backend)) {
      assertThat(weights.rope(64)).isEqualTo(weights.rope(12));
      assertThat(weights.rope(65)).isNotEqualTo(weights.rope(64));
      assertThat(weights.localRope(65)).isEqualTo(weights.rope(65));
      assertThat(weights.rope(64).magnitude()).isEqualTo(1.25f);
    }
  }

  private float scale(GgufWriter writer) throws IOException {
    try (GgufFile file = GgufFile.open(write(writer))) {
      return ModelConfig.of(file).attention().get(0).scale();
    }
  }

  private int[] windows(GgufWriter writer) throws IOException {
    try (GgufFile file = GgufFile.open(write(writer))) {
      return ModelConfig.of(file).attention().stream().mapToInt(AttentionSpec::window).toArray();
    }
  }

  private Path write(GgufWriter writer) throws IOException {
    Path path = folder.resolve("changed.gguf");
    writer.write(path);
    return path;
  }

  private static Transformer load(Path path, Backend backend) throws IOException {
    try (GgufFile file = GgufFile.open(path)) {
      return Transformer.load(file, backend, 8, BLOCK_TOKENS, TinyModel.CONTEXT);
    }
  }

  private static float[] last(Transformer model, int[] tokens) {
    BatchBuilder batch = new BatchBuilder(BLOCK_TOKENS).add(tokens, 0, tokens.length, 5, 2, 7);
    return BatchBuilder.run(model, batch.build())[tokens.length - 1];
  }

  private static float[][] whole(Path path, Backend backend) throws IOException {
    try (Transformer model = load(path, backend)) {
      return BatchBuilder.run(
          model, new BatchBuilder(BLOCK_TOKENS).add(TOKENS, 0, TOKENS.length, 5, 2, 7).build());
    }
  }

  /** {@code [tokens][vocabulary]}. */
  private static float[] expected(TinyModel tiny) throws IOException {
    String name = "/architectures/" + tiny.name() + ".f32";
    try (InputStream in = ArchitectureTest.class.getResourceAsStream(name)) {
      assertThat(in).as(name).isNotNull();
      float[] logits = new float[TOKENS.length * TinyModel.VOCAB];
      byte[] bytes = in.readAllBytes();
      assertThat(bytes).hasSize(4 * logits.length);
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(logits);
      assertThat(Arrays.equals(logits, new float[logits.length])).isFalse();
      return logits;
    }
  }
}
