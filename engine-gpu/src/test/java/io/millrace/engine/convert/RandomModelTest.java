package io.millrace.engine.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.millrace.engine.ModelFile;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.cpu.ScalarBackend;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.Transformer;
import io.millrace.engine.quant.RowDecoder;
import io.millrace.engine.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RandomModelTest {
  private static final ModelShape SHAPE = new ModelShape(64, 2, 4, 2, 16, 96, 400, 256, false);

  @TempDir Path folder;
  private final ExecutorService executor = Executors.newFixedThreadPool(3);
  private final List<String> notes = new ArrayList<>();

  @AfterEach
  void close() {
    executor.shutdownNow();
  }

  @Test
  void theEngineRunsOneInMemory() throws IOException {
    ForwardBatch batch =
        new ForwardBatch(
            new int[] {1, 300},
            new int[] {0, 1},
            new int[] {0, 1},
            new int[] {0, 2},
            new int[][] {{0}},
            new int[] {1});
    RandomModel random = new RandomModel("llama", SHAPE, GgmlType.Q4_0, 1);
    try (ModelSource source = random.repeated(notes::add);
        Backend backend = new ScalarBackend(1);
        Transformer model = Transformer.load(source, backend, 1, 16, 16)) {
      assertThat(source.bytes())
          .isEqualTo(source.tensors().stream().mapToLong(tensor -> tensor.bytes()).sum());
      double squares = 0;
      for (float logit : model.forward(batch)) {
        squares += logit * logit;
      }
      assertThat(Math.sqrt(squares / 400)).isBetween(0.3, 3.0);
    }
  }

  @Test
  void inMemoryRowsComeAgain() throws IOException {
    ModelShape wide = new ModelShape(16384, 1, 4, 4, 4096, 64, 400, 256, false);
    try (ModelSource source =
        new RandomModel("llama", wide, GgmlType.F16, 1).repeated(notes::add)) {
      TensorInfo tensor = source.tensor("output.weight").orElseThrow();
      byte[] first = new byte[100];
      byte[] again = new byte[100];
      source.read(tensor, 0, first, 0, 100);
      source.read(tensor, 64 * tensor.rowBytes() - 50, again, 0, 100); // 2^20 elements: 64 rows
      assertThat(Arrays.copyOfRange(again, 50, 100)).isEqualTo(Arrays.copyOf(first, 50));
      assertThat(source.sha256()).hasSize(64);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "qwen2", "qwen3", "gemma2", "gemma3", "phi3", "bitnet"})
  void theEngineRunsIt(String architecture) throws IOException {
    Path path = write(new RandomModel(architecture, SHAPE, GgmlType.Q4_0, 1), "m.gguf");
    assertThat(notes).isEmpty();
    int[] tokens = {1, 300, 17, 399};
    int[] positions = {0, 1, 2, 3};
    ForwardBatch batch =
        new ForwardBatch(
            tokens, positions, positions, new int[] {0, 4}, new int[][] {{0}}, new int[] {3});
    try (ModelFile file = ModelFile.open(path);
        Backend backend = new ScalarBackend(1);
        Transformer model = Transformer.load(file.source(), backend, 1, 16, 16)) {
      float[] logits = model.forward(batch);
      double squares = 0;
      for (int i = 0; i < 400; i++) {
        assertThat(logits[i]).isFinite();
        squares += (double) logits[i] * logits[i];
      }
      assertThat(Math.sqrt(squares / 400)).isBetween(0.1, 4.0); // neither dead nor exploding
    }
  }

  @Test
  void itIsAFunctionOfItsSeedOnWhateverThreads() throws IOException {
    RandomModel model = new RandomModel("qwen2", SHAPE, GgmlType.Q8_0, 5);
    Path many = write(model, "many.gguf");
    ExecutorService single = Executors.newSingleThreadExecutor();
    Path one = folder.resolve("one.gguf");
    model.write(one, single, notes::add);
    single.shutdownNow();
    assertThat(Files.mismatch(many, one)).isEqualTo(-1);
    Path other = write(new RandomModel("qwen2", SHAPE, GgmlType.Q8_0, 6), "other.gguf");
    assertThat(Files.mismatch(many, other)).isNotEqualTo(-1);
  }

  @Test
  void weightsAreTheSameInEveryType() throws IOException {
    Path plain = write(new RandomModel("llama", SHAPE, GgmlType.F32, 5), "f32.gguf");
    Path rounded = write(new RandomModel("llama", SHAPE, GgmlType.Q8_0, 5), "q8.gguf");
    float[] exact = elements(plain, "blk.1.ffn_down.weight");
    float[] near = elements(rounded, "blk.1.ffn_down.weight");
    for (int i = 0; i < exact.length; i++) {
      assertThat(near[i]).isCloseTo(exact[i], within(0.001f));
    }
    double squares = 0;
    for (float x : exact) {
      squares += (double) x * x;
    }
    double deviation = Math.sqrt(squares / exact.length);
    assertThat(deviation * Math.sqrt(96 * 2.0 * 2)).isBetween(0.97, 1.03);
  }

  @Test
  void rowsThatAreNotWholeBlocksGetAnotherType() throws IOException {
    Path path = write(new RandomModel("llama", SHAPE, GgmlType.Q4_K, 1), "m.gguf");
    assertThat(type(path, "blk.0.attn_q.weight")).isEqualTo(GgmlType.Q5_0);
    assertThat(type(path, "blk.0.attn_norm.weight")).isEqualTo(GgmlType.F32);
    assertThat(notes)
        .contains(
            "blk.*.ffn_down.weight is Q5_0: its rows of 96 are not whole blocks of 256, as Q4_K"
                + " needs")
        .doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @CsvSource({
    "Q4_K, 96, Q5_0",
    "Q6_K, 32, Q8_0",
    "TQ2_0, 96, Q4_0",
    "Q8_0, 45, F16",
    "F32, 45, F32"
  })
  void fallsBackAsLlamaCppDoes(GgmlType wanted, int columns, GgmlType used) {
    assertThat(WeightTypes.fitting(wanted, columns)).isEqualTo(used);
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16", "Q4_0", "Q6_K", "TQ2_0", "MXFP4"})
  void allTypesCanBeMade(GgmlType type) throws IOException {
    ModelShape wide = new ModelShape(256, 1, 4, 2, 64, 256, 300, 64, true);
    Path path = write(new RandomModel("llama", wide, type, 1), "m.gguf");
    assertThat(type(path, "token_embd.weight")).isEqualTo(type);
    assertThat(notes).isEmpty();
  }

  @Test
  void theVocabularySpellsAnyText() throws IOException {
    Path path = write(new RandomModel("llama", SHAPE, GgmlType.F16, 1), "m.gguf");
    try (ModelFile file = ModelFile.open(path)) {
      Tokenizer tokenizer = file.tokenizer();
      assertThat(tokenizer.encode("abcab, \u00e9\u4f60\n", false)).isNotEmpty().doesNotContain(0);
      assertThat(tokenizer.encode("aa", false).length).isLessThanOrEqualTo(2);
    }
    List<String> pieces = SyntheticVocabulary.pieces(50_000);
    assertThat(pieces).hasSize(50_000);
    assertThat(new HashSet<>(pieces)).hasSize(50_000);
    assertThat(SyntheticVocabulary.pieces(SyntheticVocabulary.SIZE_MAX))
        .hasSize(SyntheticVocabulary.SIZE_MAX);
  }

  @Test
  void impossibleModelsAreRefusedInOneLine() {
    assertThatThrownBy(() -> new RandomModel("mamba", SHAPE, GgmlType.F16, 1))
        .hasMessage(
            "architecture mamba is not known; known: llama, qwen2, qwen3, gemma2, gemma3, phi3,"
                + " bitnet");
    assertThatThrownBy(() -> new RandomModel("llama", SHAPE, GgmlType.IQ1_S, 1))
        .hasMessageStartingWith("files cannot be written in type IQ1_S; they can in F32, F16");
    assertThatThrownBy(() -> new ModelShape(64, 2, 4, 3, 16, 96, 400, 256, false))
        .hasMessage("heads is 4, no multiple of kv-heads");
    assertThatThrownBy(() -> new ModelShape(64, 2, 4, 2, 16, 96, 100, 256, false))
        .hasMessage("vocab is 100, must be 261 to 400000");
    assertThatThrownBy(() -> new ModelShape(0, 2, 4, 2, 16, 96, 400, 256, false))
        .hasMessage("dim is 0, must be 1 to 1048576");
    assertThatThrownBy(() -> new ModelShape(64, 2, 4096, 2, 1 << 20, 96, 400, 256, false))
        .hasMessage("heads x head-dim is 4294967296, must be 2 to 1048576");
  }

  @Test
  void whatDoesNotFitOnTheDiskIsNotStarted() {
    ModelShape huge = new ModelShape(1 << 20, 1024, 64, 64, 1 << 14, 1 << 20, 400, 256, false);
    assertThatThrownBy(() -> write(new RandomModel("llama", huge, GgmlType.F32, 1), "huge.gguf"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("bytes do not fit on the disk");
    assertThat(folder).isEmptyDirectory();
  }

  private Path write(RandomModel model, String name) throws IOException {
    Path path = folder.resolve(name);
    model.write(path, executor, notes::add);
    assertThat(folder.resolve(name + ".part")).doesNotExist();
    return path;
  }

  private static GgmlType type(Path path, String tensor) throws IOException {
    try (GgufFile file = GgufFile.open(path)) {
      return file.tensor(tensor).orElseThrow().type();
    }
  }

  static float[] elements(Path path, String name) throws IOException {
    try (GgufFile file = GgufFile.open(path)) {
      TensorInfo tensor = file.tensor(name).orElseThrow();
      byte[] bytes = new byte[(int) tensor.bytes()];
      file.read(tensor, 0, bytes, 0, bytes.length);
      float[] elements = new float[(int) tensor.elements()];
      RowDecoder.decode(tensor.type(), bytes, 0, elements.length, elements, 0);
      return elements;
    }
  }
}
