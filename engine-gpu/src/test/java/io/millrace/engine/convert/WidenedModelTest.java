package io.millrace.engine.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.millrace.engine.ModelFile;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.cpu.ScalarBackend;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.Transformer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WidenedModelTest {
  private static final Path SHIPPED = Path.of("models/tickets-target-f16.gguf");
  private static final int STEPS = 12;

  @TempDir Path folder;
  private final ExecutorService executor = Executors.newFixedThreadPool(2);
  private final List<String> notes = new ArrayList<>();

  @AfterEach
  void close() {
    executor.shutdownNow();
  }

  @Test
  void theShippedModelSaysTheSameTwiceAsWide() throws IOException {
    Path wide = widen(SHIPPED, 2, GgmlType.F32);
    assertSame(SHIPPED, wide);
    assertThat(notes).isEmpty();
    try (GgufFile before = GgufFile.open(SHIPPED);
        GgufFile after = GgufFile.open(wide)) {
      int dim = before.metadata().requireInt("llama.embedding_length", 1, 4096);
      assertThat(after.metadata().integer("llama.embedding_length")).hasValue(2 * dim);
      assertThat(after.tensor("blk.0.ffn_up.weight").orElseThrow().elements())
          .isEqualTo(4 * before.tensor("blk.0.ffn_up.weight").orElseThrow().elements());
    }
  }

  @ParameterizedTest
  @CsvSource({"llama, false, 4", "llama, true, 2", "qwen2, false, 2", "qwen3, true, 8"})
  void soDoAllThatCanBeWidened(String architecture, boolean tied, int factor) throws IOException {
    ModelShape shape = new ModelShape(32, 2, 4, 2, 16, 48, 300, 64, tied); // wider heads than dim/4
    Path path = folder.resolve("m.gguf");
    new RandomModel(architecture, shape, GgmlType.F32, 1).write(path, executor, notes::add);
    assertSame(path, widen(path, factor, GgmlType.F32));
  }

  @Test
  void whatCannotBeWidenedIsRefusedInOneLine() throws IOException {
    ModelShape shape = new ModelShape(32, 1, 2, 2, 16, 48, 300, 64, true);
    Path gemma = folder.resolve("gemma.gguf");
    new RandomModel("gemma2", shape, GgmlType.F32, 1).write(gemma, executor, notes::add);
    assertThatThrownBy(() -> widen(gemma, 2, GgmlType.F32))
        .isInstanceOf(GgufFormatException.class)
        .hasMessage(
            gemma
                + ": models of architecture 'gemma2' cannot be widened; those of llama, qwen2 and"
                + " qwen3 can");
    assertThatThrownBy(() -> new WidenedModel(3, GgmlType.F32))
        .hasMessage("the factor is 3, must be a power of two, 2 to 64");
    assertThatThrownBy(() -> new WidenedModel(2, GgmlType.IQ1_S))
        .hasMessageStartingWith("files cannot be written in type IQ1_S");
  }

  private Path widen(Path source, int factor, GgmlType type) throws IOException {
    Path out = folder.resolve("wide.gguf");
    try (GgufFile file = GgufFile.open(source)) {
      new WidenedModel(factor, type).write(file, out, executor, notes::add);
    }
    return out;
  }

  /** Greedy answers to the same prompt: the same tokens, and logits but for rounding. */
  private static void assertSame(Path narrow, Path wide) throws IOException {
    List<float[]> expected = greedyLogits(narrow);
    List<float[]> actual = greedyLogits(wide);
    for (int step = 0; step < STEPS; step++) {
      float[] a = expected.get(step);
      float[] b = actual.get(step);
      assertThat(top(b)).as("step %d", step).isEqualTo(top(a));
      double deviation = deviation(a);
      assertThat(deviation).isPositive();
      for (int i = 0; i < a.length; i++) {
        assertThat(b[i]).isCloseTo(a[i], within((float) (1e-4 * deviation)));
      }
    }
  }

  private static List<float[]> greedyLogits(Path path) throws IOException {
    List<float[]> all = new ArrayList<>();
    try (ModelFile file = ModelFile.open(path);
        Backend backend = new ScalarBackend(1);
        Transformer model = Transformer.load(file.source(), backend, 1, 32, 32)) {
      int token = 70;
      for (int position = 0; position < STEPS; position++) {
        int[] here = {position};
        ForwardBatch batch =
            new ForwardBatch(
                new int[] {token}, here, here, new int[] {0, 1}, new int[][] {{0}}, new int[] {0});
        float[] logits = Arrays.copyOf(model.forward(batch), model.vocabSize());
        all.add(logits);
        token = top(logits);
      }
    }
    return all;
  }

  private static int top(float[] logits) {
    int top = 0;
    for (int i = 1; i < logits.length; i++) {
      top = logits[i] > logits[top] ? i : top;
    }
    return top;
  }

  private static double deviation(float[] values) {
    double squares = 0;
    double sum = 0;
    for (float value : values) {
      squares += (double) value * value;
      sum += value;
    }
    double mean = sum / values.length;
    return Math.sqrt(squares / values.length - mean * mean);
  }
}
