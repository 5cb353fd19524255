package io.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.SamplingParams;
import io.millrace.engine.backend.AttentionSpec;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.BackendParity;
import io.millrace.engine.backend.KvCache;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.backend.Tensor;
import io.millrace.engine.backend.cpu.CpuTensors;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.ToyLlama;
import io.millrace.engine.sampling.EmptyHistory;
import io.millrace.engine.sampling.RowDraws;
import io.millrace.engine.sampling.Sampler;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The CUDA backend against the scalar one, on some driver. */
abstract class CudaParity extends BackendParity {
  private CudaDriver driver;

  /** A new driver; the backend closes it. */
  abstract CudaDriver driver();

  @Override
  protected Backend open() {
    driver = driver();
    return new CudaBackend(driver);
  }

  @Override
  protected void fill(Backend backend, Tensor tensor, float[] x) {
    if (backend == scalar) {
      CpuTensors.fill(tensor, x);
      return;
    }
    CudaDriver.Stream stream = ((CudaBackend) backend).stream(); // it is still to write zeros
    try (CudaDriver.PinnedMemory pinned = driver.allocatePinned(4 * x.length)) {
      pinned.buffer().asFloatBuffer().put(0, x);
      driver.copyToDevice(CudaTensor.of(tensor).address(), pinned, 0, 4 * x.length, stream);
      stream.synchronize();
    }
  }

  /** Splits of K are added in an order of their own: near to the last bits. */
  @Override
  protected void assertProducts(float[] expected, float[] actual) {
    float most = 0;
    for (float x : expected) {
      most = Math.max(most, Math.abs(x));
    }
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Math.abs(actual[i] - expected[i])).as("product %d", i).isLessThan(2e-6f * most);
    }
  }

  /** Rows of chunks take other kernels than a few rows do. */
  @ParameterizedTest
  @CsvSource({"F16, 37, 96", "Q8_0, 130, 96", "Q4_0, 37, 160"})
  void rowsOfChunksAreThoseOfSingleOnes(GgmlType type, int outputs, int inputs) throws IOException {
    int rows = 67;
    byte[] weights = ToyLlama.randomWeights(type, outputs, inputs, random);
    float[] x = floats(rows * inputs, 3f);
    float[] all = run(tested, matmul(type, rows, outputs, inputs, weights, x));
    assertProducts(run(scalar, matmul(type, rows, outputs, inputs, weights, x)), all);
    for (int row : new int[] {0, 66}) {
      float[] one = Arrays.copyOfRange(x, row * inputs, (row + 1) * inputs);
      assertThat(run(tested, matmul(type, 1, outputs, inputs, weights, one)))
          .isEqualTo(Arrays.copyOfRange(all, row * outputs, (row + 1) * outputs));
    }
  }

  /** A chunk, a row of another sequence, and a chunk again. */
  @ParameterizedTest
  @EnumSource(KvType.class)
  void withoutDeterminismOnlyChunksAreRounded(KvType type) throws IOException {
    int rows = 41;
    ForwardBatch whole = batch(new int[rows], rows, 4);
    int[][] tables = {whole.blockTables()[0], {0}, whole.blockTables()[0]};
    int[] positions = new int[rows];
    int[] slots = new int[rows];
    int[] starts = {0, 20, 21, 41};
    for (int row = 0; row < rows; row++) {
      positions[row] = row < 20 ? row : row == 20 ? 0 : row - 1;
      slots[row] = row == 20 ? 0 : whole.slots()[positions[row]];
    }
    ForwardBatch batch =
        new ForwardBatch(new int[rows], positions, slots, starts, tables, new int[] {rows - 1});
    float[] q = floats(rows * 4 * 48, 1f);
    float[] k = floats(rows * 2 * 48, 1f);
    float[] v = floats(rows * 2 * 48, 1f);
    Operation attention =
        backend -> {
          KvCache kv = backend.kvCache(type, 1, 14, 4, 2, 48);
          Tensor out = backend.activations(rows, 4 * 48);
          backend.begin(batch);
          backend.storeKv(
              activations(backend, rows, 2 * 48, k), activations(backend, rows, 2 * 48, v), kv, 0);
          backend.attention(
              activations(backend, rows, 4 * 48, q), kv, 0, new AttentionSpec(0.3f, 0, 0), out);
          return new Result(out, rows);
        };
    float[] exact = run(tested, attention);
    CudaDriver before = driver;
    driver = driver();
    try (Backend rounding = new CudaBackend(driver, true, false)) {
      float[] rounded = run(rounding, attention);
      assertClose(exact, rounded, 2e-3f);
      assertThat(rounded).isNotEqualTo(exact);
      assertThat(Arrays.copyOfRange(rounded, 20 * 192, 21 * 192))
          .isEqualTo(Arrays.copyOfRange(exact, 20 * 192, 21 * 192));
    } finally {
      driver = before;
    }
  }

  /** Of rows that are wider than the vocabulary: what lies beyond it is never drawn. */
  @Test
  void drawsTheTokensOfTheHostsSampler() {
    int rows = 5;
    int vocab = 300;
    int width = 320;
    float[] logits = floats(rows * width, 4f);
    for (int row = 0; row < rows; row++) {
      Arrays.fill(logits, row * width + vocab, (row + 1) * width, 100f);
    }
    logits[4 * width + 7] = Float.NaN;
    RowDraws draws = new RowDraws(vocab);
    Sampler sampler = new Sampler(vocab);
    int[] expected = new int[rows];
    for (int row = 0; row < rows; row++) {
      SamplingParams params =
          new SamplingParams(row * 0.7f, 20 * row, 0.9f, 0, 1, 5 - row, 1, List.of(), -1, false);
      draws.add(params, 3 + row);
      expected[row] =
          row == 4 ? -1 : sampler.draw(logits, row * width, params, new EmptyHistory(), 3 + row);
    }
    int[] tokens = new int[rows];
    tested.draw(activations(tested, rows, width, logits), draws, tokens);
    assertThat(tokens).isEqualTo(expected);
  }
}
