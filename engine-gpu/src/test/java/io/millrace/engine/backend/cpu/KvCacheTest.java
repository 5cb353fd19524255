package io.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.millrace.engine.backend.AttentionSpec;
import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.KvCache;
import io.millrace.engine.backend.KvType;
import io.millrace.engine.backend.Tensor;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.quant.HalfFloats;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What caches of float32 and of int8 keep of keys and values. */
class KvCacheTest {
  private static final int HEADS = 4;
  private static final int KV_HEADS = 2;
  private static final int BLOCK_TOKENS = 16;

  private final Backend scalar = new ScalarBackend(1);
  private final Backend vector = CpuBackends.vector(1);
  private final Random random = new Random(3);

  @AfterEach
  void close() {
    scalar.close();
    vector.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "vector"})
  void attentionToInt8IsNearThatToFloats(String kind) {
    int tokens = 100;
    int headDim = 64;
    float[] q = gaussian(tokens * HEADS * headDim);
    float[] k = gaussian(tokens * KV_HEADS * headDim);
    float[] v = gaussian(tokens * KV_HEADS * headDim);
    float[] floats = attend(backend(kind), KvType.F32, headDim, q, k, v);
    float[] rounded = attend(backend(kind), KvType.INT8, headDim, q, k, v);
    double difference = 0;
    double squares = 0;
    for (int i = 0; i < floats.length; i++) {
      difference += Math.abs(floats[i] - rounded[i]) / floats.length;
      squares += (double) floats[i] * floats[i] / floats.length;
    }
    assertThat(difference / Math.sqrt(squares)).isBetween(1e-4, 0.02);
  }

  /** Whole numbers up to 127 times any number are what int8 can hold: nothing is lost. */
  @ParameterizedTest
  @CsvSource({"scalar,18", "vector,18", "scalar,64", "vector,64"})
  void int8LosesNothingOfWhatItCanHold(String kind, int headDim) {
    int tokens = 37;
    float[] q = gaussian(tokens * HEADS * headDim);
    float[] k = wholeMultiples(tokens * KV_HEADS, headDim);
    float[] v = wholeMultiples(tokens * KV_HEADS, headDim);
    float[] floats = attend(backend(kind), KvType.F32, headDim, q, k, v);
    float[] rounded = attend(backend(kind), KvType.INT8, headDim, q, k, v);
    for (int i = 0; i < floats.length; i++) {
      assertThat(rounded[i]).as("element %d", i).isCloseTo(floats[i], within(2e-5f));
    }
  }

  /** A cache of binary16 gives what one of float32 gives for rounded keys and values. */
  @ParameterizedTest
  @CsvSource({"scalar,18", "vector,18", "scalar,64", "vector,64"})
  void f16RoundsEveryElement(String kind, int headDim) {
    int tokens = 37;
    float[] q = gaussian(tokens * HEADS * headDim);
    float[] k = gaussian(tokens * KV_HEADS * headDim);
    float[] v = gaussian(tokens * KV_HEADS * headDim);
    float[] rounded = attend(backend(kind), KvType.F16, headDim, q, k, v);
    assertThat(rounded)
        .isEqualTo(attend(backend(kind), KvType.F32, headDim, q, halves(k), halves(v)))
        .isNotEqualTo(attend(backend(kind), KvType.F32, headDim, q, k, v));
  }

  private static float[] halves(float[] x) {
    float[] y = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = HalfFloats.f16(HalfFloats.toF16(x[i]));
    }
    return y;
  }

  @ParameterizedTest
  @CsvSource({"scalar,64", "vector,64", "scalar,128", "vector,128"})
  void int8TakesABitOverAQuarter(String kind, int headDim) {
    KvCache floats = backend(kind).kvCache(KvType.F32, 3, 10, BLOCK_TOKENS, KV_HEADS, headDim);
    KvCache rounded = backend(kind).kvCache(KvType.INT8, 3, 10, BLOCK_TOKENS, KV_HEADS, headDim);
    assertThat(floats.bytes()).isEqualTo(2L * 4 * 3 * 10 * BLOCK_TOKENS * KV_HEADS * headDim);
    assertThat((double) rounded.bytes() / floats.bytes()).isBetween(0.25, 0.27);
    assertThat(rounded.type()).isEqualTo(KvType.INT8);
  }

  /** An error in a sequence is seen in that one, and not by the block's next owner. */
  @ParameterizedTest
  @CsvSource({"scalar,F32", "vector,F32", "scalar,F16", "vector,F16", "scalar,INT8", "vector,INT8"})
  void whatIsNotANumberStaysSoUntilItIsOverwritten(String kind, KvType type) {
    int headDim = 8;
    Backend backend = backend(kind);
    KvCache kv = backend.kvCache(type, 1, 1, BLOCK_TOKENS, KV_HEADS, headDim);
    float[] q = gaussian(3 * HEADS * headDim);
    float[] k = gaussian(3 * KV_HEADS * headDim);
    float[] broken = k.clone();
    for (int row = 0; row < 3 * KV_HEADS; row++) {
      broken[row * headDim + 5] = Float.NaN;
    }
    float[] seen = attend(backend, kv, headDim, q, broken, broken);
    for (float element : seen) {
      assertThat(element).isNaN();
    }
    float[] next = attend(backend, kv, headDim, q, k, k, 2); // the third token stays
    assertThat(next)
        .isEqualTo(
            attend(
                backend,
                backend.kvCache(type, 1, 1, BLOCK_TOKENS, KV_HEADS, headDim),
                headDim,
                q,
                k,
                k,
                2));
    assertThat(next[0]).isFinite();
  }

  @Test
  void anotherBackendsCacheIsRefused() {
    KvCache other = scalar.kvCache(KvType.INT8, 1, 1, 1, 1, 1);
    Tensor x = vector.activations(1, 1);
    assertThatThrownBy(() -> vector.storeKv(x, x, other, 0))
        .hasMessage("not a KV cache that cpu-vector has made");
  }

  // ---- one sequence from position 0

  private static float[] attend(
      Backend backend, KvType type, int headDim, float[] q, float[] k, float[] v) {
    int blocks = q.length / (HEADS * headDim) / BLOCK_TOKENS + 1;
    KvCache kv = backend.kvCache(type, 1, blocks, BLOCK_TOKENS, KV_HEADS, headDim);
    return attend(backend, kv, headDim, q, k, v);
  }

  private static float[] attend(
      Backend backend, KvCache kv, int headDim, float[] q, float[] k, float[] v) {
    return attend(backend, kv, headDim, q, k, v, q.length / (HEADS * headDim));
  }

  private static float[] attend(
      Backend backend, KvCache kv, int headDim, float[] q, float[] k, float[] v, int rows) {
    int[] positions = IntStream.range(0, rows).toArray();
    int[] blockTable = IntStream.range(0, kv.blocks()).toArray();
    backend.begin(
        new ForwardBatch(
            new int[rows],
            positions,
            positions,
            new int[] {0, rows},
            new int[][] {blockTable},
            new int[] {rows - 1}));
    Tensor out = backend.activations(rows, HEADS * headDim);
    Tensor keys = activations(backend, rows, KV_HEADS * headDim, k);
    backend.storeKv(keys, activations(backend, rows, KV_HEADS * headDim, v), kv, 0);
    Tensor queries = activations(backend, rows, HEADS * headDim, q);
    backend.attention(queries, kv, 0, AttentionSpec.full(0.25f), out);
    float[] result = new float[rows * HEADS * headDim];
    backend.read(rows, out, result);
    return result;
  }

  /** Activations with given elements, written past the interface. */
  private static Tensor activations(Backend backend, int rows, int columns, float[] x) {
    FloatTensor tensor = FloatTensor.of(backend.activations(rows, columns));
    for (int row = 0; row < rows; row++) {
      System.arraycopy(x, row * columns, tensor.write(), row * tensor.stride(), columns);
    }
    return tensor;
  }

  private Backend backend(String kind) {
    return kind.equals("scalar") ? scalar : vector;
  }

  private float[] gaussian(int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  private float[] wholeMultiples(int vectors, int headDim) {
    float[] x = new float[vectors * headDim];
    for (int row = 0; row < vectors; row++) {
      float unit = 0.001f + 0.02f * random.nextFloat();
      for (int i = 0; i < headDim; i++) {
        x[row * headDim + i] = unit * (i == row % headDim ? 127 : random.nextInt(255) - 127);
      }
    }
    return x;
  }
}
