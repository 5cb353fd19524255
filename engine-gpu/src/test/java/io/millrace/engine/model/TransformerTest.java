package io.millrace.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.backend.cpu.CpuBackends;
import io.millrace.engine.backend.cpu.ScalarBackend;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFile;
import io.millrace.engine.gguf.GgufValue;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransformerTest {
  private static final int BLOCK_TOKENS = 5;
  private static final int[] TOKENS = {3, 50, 1, 1, 17, 9, 0, 44, 31, 2, 8, 40, 12, 12, 5, 27, 33};

  @TempDir Path folder;

  @Test
  void predictsTheNextToken() throws IOException {
    Path path = ToyLlama.of(GgmlType.F16).write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend backend = CpuBackends.fastest(1);
        Transformer model = Transformer.load(file, backend, 8, BLOCK_TOKENS, 128)) {
      // A prompt of three tokens in block 6, then one token at a time.
      float[] logits =
          model.forward(
              new ForwardBatch(
                  new int[] {3, 50, 1},
                  new int[] {0, 1, 2},
                  new int[] {30, 31, 32},
                  new int[] {0, 3},
                  new int[][] {{6}},
                  new int[] {2}));
      int next = argmax(logits, model.vocabSize());
      logits =
          model.forward(
              new ForwardBatch(
                  new int[] {next},
                  new int[] {3},
                  new int[] {33},
                  new int[] {0, 1},
                  new int[][] {{6}},
                  new int[] {0}));
      double[][] reference =
          new ReferenceLlama(file, ToyLlama.of(GgmlType.F16)).logits(new int[] {3, 50, 1, next});
      assertThat(argmax(logits, model.vocabSize())).isEqualTo(argmax(reference[3]));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"F32", "F16", "BF16", "Q8_0", "Q4_0"})
  void agreesWithAnIndependentReference(GgmlType type) throws IOException {
    // int8 activations cost quantised weights some precision
    double tolerance = type.quantized() ? 0.05 : 1e-5;
    ToyLlama shape = ToyLlama.of(type);
    Path path = shape.write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend scalar = new ScalarBackend(1);
        Backend vector = CpuBackends.vector(1)) {
      double[][] reference = new ReferenceLlama(file, shape).logits(TOKENS);
      float[][] bits = wholePrompt(file, scalar);
      float[][] fast = wholePrompt(file, vector);
      for (int row = 0; row < TOKENS.length; row++) {
        assertThat(distance(reference[row], bits[row])).isLessThan(tolerance);
        assertThat(distance(reference[row], fast[row])).isLessThan(tolerance);
        assertThat(distance(widen(bits[row]), fast[row])).isLessThan(tolerance / 2);
      }
    }
  }

  @Test
  void divergesWhenATokenDiffers() throws IOException {
    // guards the tests below against a model that ignores its input
    Path path = ToyLlama.of(GgmlType.F32).write(folder.resolve("toy.gguf"));
    int[] other = TOKENS.clone();
    other[0]++;
    try (GgufFile file = GgufFile.open(path);
        Backend backend = CpuBackends.vector(1);
        Transformer model = Transformer.load(file, backend, 16, BLOCK_TOKENS, 128)) {
      float[][] one = BatchBuilder.run(model, batch().add(TOKENS, 0, 17, 0, 1, 2, 3).build());
      float[][] two = BatchBuilder.run(model, batch().add(other, 0, 17, 0, 1, 2, 3).build());
      assertThat(distance(widen(one[16]), two[16])).isGreaterThan(1e-4);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "F32,F32,scalar",
    "F16,F32,scalar",
    "Q8_0,F32,scalar",
    "Q4_0,F32,scalar",
    "F32,INT8,scalar",
    "Q4_0,INT8,scalar",
    "F32,F32,vector",
    "F16,F32,vector",
    "BF16,F32,vector",
    "Q8_0,F32,vector",
    "Q4_0,F32,vector",
    "F32,INT8,vector",
    "Q4_0,INT8,vector"
  })
  void isTheSameToTheBitInAnyCompany(GgmlType type, KvType kv, String kind) throws IOException {
    Path path = ToyLlama.of(type).write(folder.resolve("toy.gguf"));
    int[] other = new int[40];
    for (int i = 0; i < other.length; i++) {
      other[i] = i * 11 % 53;
    }
    try (GgufFile file = GgufFile.open(path);
        Backend one = backend(kind, 1);
        Backend three = backend(kind, 3);
        Weights weights = Weights.load(file, one);
        Transformer alone = new Transformer(weights, one, 32, BLOCK_TOKENS, 128, kv);
        Transformer threads = new Transformer(weights, three, 32, BLOCK_TOKENS, 128, kv)) {
      float[][] whole = BatchBuilder.run(alone, batch().add(TOKENS, 0, 17, 0, 1, 2, 3).build());

      // the same blocks elsewhere, in company, on more threads
      float[][] company =
          BatchBuilder.run(
              threads,
              batch()
                  .add(other, 0, 40, 20, 21, 22, 23, 24, 25, 26, 27)
                  .add(TOKENS, 0, 17, 9, 3, 31, 0)
                  .add(other, 0, 3, 12)
                  .build());
      assertBitsEqual(whole, Arrays.copyOfRange(company, 40, 57));

      // in chunks of every size, beside a sequence that decodes
      for (int chunk = 1; chunk <= 7; chunk++) {
        for (int from = 0; from < 17; from += chunk) {
          int to = Math.min(17, from + chunk);
          float[][] rows =
              BatchBuilder.run(
                  threads,
                  batch()
                      .add(TOKENS, from, to, 7, 30, 2, 4)
                      .add(other, 39, 40, 20, 21, 22, 23, 24, 25, 26, 27)
                      .build());
          assertBitsEqual(Arrays.copyOfRange(whole, from, to), Arrays.copyOf(rows, to - from));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"scalar,F32", "vector,F32", "scalar,Q8_0", "vector,Q8_0", "vector,Q4_0"})
  void rowsWithoutLogitsChangeNoOthers(String kind, GgmlType type) throws IOException {
    Path path = ToyLlama.of(type).write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend backend = backend(kind, 1);
        Transformer model = Transformer.load(file, backend, 16, BLOCK_TOKENS, 128)) {
      float[][] whole = BatchBuilder.run(model, batch().add(TOKENS, 0, 17, 0, 1, 2, 3).build());
      BatchBuilder two = batch().add(TOKENS, 0, 10, 4, 5).add(TOKENS, 0, 3, 8);
      float[][] some = BatchBuilder.run(model, two.wanting(2, 9, 12));
      assertBitsEqual(new float[][] {whole[2], whole[9], whole[2]}, some);

      // a chunk that wants none leaves the same keys and values behind
      model.forward(batch().add(TOKENS, 0, 15, 9, 10, 11).wanting());
      float[][] last =
          BatchBuilder.run(model, batch().add(TOKENS, 15, 17, 9, 10, 11, 12).wanting(1));
      assertBitsEqual(new float[][] {whole[16]}, last);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void int8KeysAndValuesCostLittle(String kind) throws IOException {
    ToyLlama shape = ToyLlama.of(GgmlType.F32);
    Path path = shape.write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend backend = backend(kind, 1);
        Transformer model = Transformer.load(file, backend, 8, BLOCK_TOKENS, 128, KvType.INT8)) {
      double[][] reference = new ReferenceLlama(file, shape).logits(TOKENS);
      float[][] rows = BatchBuilder.run(model, batch().add(TOKENS, 0, 17, 0, 1, 2, 3).build());
      for (int row = 0; row < TOKENS.length; row++) {
        assertThat(distance(reference[row], rows[row])).isBetween(1e-5, 0.02); // not float32's
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"scalar,1", "scalar,16", "vector,1", "vector,16", "vector,32"})
  void pagedIsContiguous(String kind, int blockTokens) throws IOException {
    Path path = ToyLlama.of(GgmlType.F32).write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend backend = backend(kind, 1);
        Transformer contiguous = Transformer.load(file, backend, 1, 128, 128);
        Transformer paged = Transformer.load(file, backend, 40, blockTokens, 128)) {
      int[] blocks = new int[17];
      for (int i = 0; i < blocks.length; i++) {
        blocks[i] = 3 + i * 7 % 37;
      }
      float[][] expected =
          BatchBuilder.run(contiguous, new BatchBuilder(128).add(TOKENS, 0, 17, 0).build());
      float[][] actual =
          BatchBuilder.run(paged, new BatchBuilder(blockTokens).add(TOKENS, 0, 17, blocks).build());
      for (int row = 0; row < 17; row++) {
        assertThat(distance(widen(expected[row]), actual[row])).isLessThan(1e-6);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = GgmlType.class,
      names = {"F16", "Q8_0", "Q4_0"})
  void allocatesNothingOnceWarm(GgmlType type) throws IOException {
    Path path = ToyLlama.of(type).write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend backend = CpuBackends.vector(1);
        Transformer model = Transformer.load(file, backend, 16, BLOCK_TOKENS, 128)) {
      ForwardBatch step =
          batch().add(TOKENS, 0, 17, 0, 1, 2, 3).add(TOKENS, 0, 2, 8).add(TOKENS, 0, 1, 9).build();
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      // The kernels box their vectors until they are compiled. The limit is on this thread's own
      // time: on a busy machine the compiler gets as little as this thread does.
      long least = Long.MAX_VALUE;
      long end = threads.getCurrentThreadCpuTime() + Duration.ofSeconds(45).toNanos();
      while (least > 4_096 && threads.getCurrentThreadCpuTime() - end < 0) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int repeat = 0; repeat < 20; repeat++) {
          model.forward(step);
        }
        least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / 20);
      }
      assertThat(least).as("bytes allocated by a step").isLessThanOrEqualTo(4_096);
    }
  }

  @Test
  void weightsAreSharedUntilTheLastModelCloses() throws IOException {
    Path path = ToyLlama.of(GgmlType.Q8_0).write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend backend = CpuBackends.vector(1)) {
      Weights weights = Weights.load(file, backend);
      Transformer one = new Transformer(weights, backend, 4, BLOCK_TOKENS, 20);
      Transformer two = new Transformer(weights, backend, 4, BLOCK_TOKENS, 20);
      weights.close();
      one.close();
      one.close();
      ForwardBatch batch = batch().add(TOKENS, 0, 3, 1).build();
      assertThat(BatchBuilder.run(two, batch)).hasDimensions(3, 77);
      two.close();
      assertThatThrownBy(weights::share).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void ropeScalingChangesThePositions() throws IOException {
    ToyLlama shape = ToyLlama.of(GgmlType.F32);
    Path plain = shape.write(folder.resolve("plain.gguf"));
    Path linear = folder.resolve("linear.gguf");
    shape
        .writer()
        .put("llama.rope.scaling.type", GgufValue.ofString("linear"))
        .put("llama.rope.scaling.factor", GgufValue.ofFloat(4f))
        .write(linear);
    Path factors = folder.resolve("factors.gguf");
    shape
        .writer()
        .tensor(
            "rope_freqs.weight",
            GgmlType.F32,
            new long[] {shape.ropeDim() / 2},
            out -> {
              for (int i = 0; i < shape.ropeDim() / 2; i++) {
                out.write(new byte[] {0, 0, (byte) 0x80, 0x40}); // 4
              }
            })
        .write(factors);
    float[] byPlain = lastLogits(plain);
    float[] byLinear = lastLogits(linear);
    assertThat(distance(widen(byPlain), byLinear)).isGreaterThan(1e-4);
    assertThat(lastLogits(factors)).isEqualTo(byLinear);
  }

  @Test
  void refusesABatchThatReachesOutsideTheModel() throws IOException {
    Path path = ToyLlama.of(GgmlType.F32).write(folder.resolve("toy.gguf"));
    try (GgufFile file = GgufFile.open(path);
        Backend backend = new ScalarBackend(1);
        Transformer model = Transformer.load(file, backend, 4, BLOCK_TOKENS, 12)) {
      int[] tooLarge = {1, 53};
      assertThatThrownBy(() -> model.forward(batch().add(tooLarge, 0, 2, 0).build()))
          .hasMessage("the batch is wrong: token 53 is not in 0 to 52");
      assertThatThrownBy(() -> model.forward(batch().add(TOKENS, 0, 13, 0, 1, 2).build()))
          .hasMessage("the batch is wrong: position 12 is not in 0 to 11");
      assertThatThrownBy(() -> model.forward(batch().add(TOKENS, 0, 2, 4).build()))
          .hasMessage("the batch is wrong: slot 20 is not in 0 to 19");
      ForwardBatch shortTable =
          new ForwardBatch(
              new int[] {1},
              new int[] {5},
              new int[] {5},
              new int[] {0, 1},
              new int[][] {{0}},
              new int[0]);
      assertThatThrownBy(() -> model.forward(shortTable))
          .hasMessage("the batch is wrong: the block table of segment 0 is too short");
    }
  }

  private float[] lastLogits(Path path) throws IOException {
    try (GgufFile file = GgufFile.open(path);
        Backend backend = new ScalarBackend(1)) {
      return wholePrompt(file, backend)[TOKENS.length - 1];
    }
  }

  private static float[][] wholePrompt(GgufFile file, Backend backend) throws IOException {
    try (Transformer model = Transformer.load(file, backend, 8, BLOCK_TOKENS, 128)) {
      return BatchBuilder.run(model, batch().add(TOKENS, 0, 17, 5, 2, 7, 1).build());
    }
  }

  private static Backend backend(String kind, int threads) {
    return kind.equals("scalar") ? new ScalarBackend(threads) : CpuBackends.vector(threads);
  }

  private static BatchBuilder batch() {
    return new BatchBuilder(BLOCK_TOKENS);
  }

  private static void assertBitsEqual(float[][] expected, float[][] actual) {
    assertThat(actual.length).isEqualTo(expected.length);
    for (int row = 0; row < expected.length; row++) {
      assertThat(actual[row]).as("row %d", row).isEqualTo(expected[row]);
    }
  }

  /** Of the difference's length to the expected vector's. */
  private static double distance(double[] expected, float[] actual) {
    double difference = 0;
    double length = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += (expected[i] - actual[i]) * (expected[i] - actual[i]);
      length += expected[i] * expected[i];
    }
    return Math.sqrt(difference / length);
  }

  private static double[] widen(float[] x) {
    double[] wide = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      wide[i] = x[i];
    }
    return wide;
  }

  private static int argmax(float[] logits, int length) {
    return argmax(widen(Arrays.copyOf(logits, length)));
  }

  private static int argmax(double[] logits) {
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }
}
