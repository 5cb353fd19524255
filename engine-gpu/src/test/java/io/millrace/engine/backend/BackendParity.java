package io.millrace.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.millrace.engine.backend.cpu.ScalarBackend;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.model.ToyLlama;
import io.millrace.engine.quant.BlockFormat;
import io.millrace.engine.quant.RandomBlocks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every operation of a backend against the scalar one, over sizes that divide nothing. What else a
 * backend has to show, its own test adds.
 */
public abstract class BackendParity {
  protected final Backend scalar = new ScalarBackend(1);
  protected final Backend tested = open();
  protected final Random random = new Random(11);

  /** The backend to test. */
  protected abstract Backend open();

  /** Whether rotations are those of the scalar backend. */
  protected void assertRotations(float[] expected, float[] actual) {
    assertThat(actual).isEqualTo(expected);
  }

  /** Writes a buffer's first elements, past the interface. */
  protected abstract void fill(Backend backend, Tensor tensor, float[] x);

  /** Whether products are those of the scalar backend, to the bit or as near as can be asked. */
  protected abstract void assertProducts(float[] expected, float[] actual);

  @AfterEach
  protected void close() {
    scalar.close();
    tested.close();
  }

  /** An operation over tensors of one backend, and the tensor and rows that it leaves. */
  protected interface Operation {
    Result on(Backend backend) throws IOException;
  }

  protected record Result(Tensor tensor, int rows) {
    public Result {}
  }

  @ParameterizedTest
  @CsvSource({
    "F32, 1, 2, 1",
    "F32, 3, 37, 45",
    "F32, 4, 64, 64",
    "F32, 9, 33, 7",
    "F32, 33, 131, 19",
    "F16, 1, 50, 45",
    "F16, 2, 37, 45",
    "F16, 5, 65, 129",
    "F16, 7, 3, 1",
    "BF16, 1, 37, 45",
    "BF16, 3, 15, 17",
    "BF16, 6, 127, 31",
    "Q8_0, 1, 37, 32",
    "Q8_0, 2, 65, 96",
    "Q8_0, 5, 130, 224",
    "Q8_0, 37, 31, 64",
    "Q4_0, 1, 37, 32",
    "Q4_0, 3, 65, 96",
    "Q4_0, 5, 130, 224",
    "Q4_0, 37, 31, 64",
    "Q4_0, 4, 300, 512",
    "Q8_0, 9, 300, 512",
    "F16, 17, 300, 512"
  })
  protected void matmulAgrees(GgmlType type, int rows, int outputs, int inputs) throws IOException {
    byte[] weights = ToyLlama.randomWeights(type, outputs, inputs, random);
    Operation matmul = matmul(type, rows, outputs, inputs, weights);
    float[] expected = run(scalar, matmul);
    assertProducts(expected, run(tested, matmul));
    assertThat(expected).doesNotContain(0f); // random weights: every output was computed
  }

  protected static Stream<GgmlType> quantisedTypes() {
    return Stream.of(GgmlType.values()).filter(type -> BlockFormat.of(type).isPresent());
  }

  @ParameterizedTest
  @MethodSource("quantisedTypes")
  protected void matmulAndEmbedOfEveryQuantisedTypeAgree(GgmlType type) throws IOException {
    int outputs = 3 * 16 + 5; // three groups and a bit
    int inputs = 5 * 256; // more than one slab, and not a whole number of them
    byte[] weights = RandomBlocks.of(type, outputs * inputs / type.blockElements(), random);
    for (int rows : new int[] {1, 2, 5, 6, 39}) {
      Operation matmul = matmul(type, rows, outputs, inputs, weights);
      assertProducts(run(scalar, matmul), run(tested, matmul));
    }
    ForwardBatch batch = batch(new int[] {0, outputs - 1, 17}, 3, 1);
    Operation embed =
        backend -> {
          Tensor out = backend.activations(3, inputs);
          backend.begin(batch);
          backend.embed(weight(backend, type, outputs, inputs, weights), out);
          return new Result(out, 3);
        };
    assertThat(run(tested, embed)).isEqualTo(run(scalar, embed));
  }

  protected Operation matmul(GgmlType type, int rows, int outputs, int inputs, byte[] weights) {
    return matmul(type, rows, outputs, inputs, weights, floats(rows * inputs, 3f));
  }

  protected Operation matmul(
      GgmlType type, int rows, int outputs, int inputs, byte[] weights, float[] x) {
    return backend -> {
      Tensor out = backend.activations(rows, outputs);
      backend.matmul(
          rows,
          weight(backend, type, outputs, inputs, weights),
          activations(backend, rows, inputs, x),
          out);
      return new Result(out, rows);
    };
  }

  @Test
  protected void matmulAgreesOnTheExtremesOfInt8() throws IOException {
    byte[] weights = new byte[2 * 40 * 34];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (byte) (i % 34 == 0 ? 0 : i % 34 == 1 ? 0x3c : -128); // scale 1
    }
    byte[] nibbles = new byte[2 * 40 * 18];
    for (int i = 0; i < nibbles.length; i++) {
      nibbles[i] = (byte) (i % 18 == 1 ? 0x3c : 0); // scale 1, all -8
    }
    float[] x = new float[64];
    Arrays.fill(x, 127f);
    for (GgmlType type : new GgmlType[] {GgmlType.Q8_0, GgmlType.Q4_0}) {
      Operation matmul =
          backend -> {
            Tensor out = backend.activations(1, 40);
            byte[] data = type == GgmlType.Q8_0 ? weights : nibbles;
            backend.matmul(
                1, weight(backend, type, 40, 64, data), activations(backend, 1, 64, x), out);
            return new Result(out, 1);
          };
      float expected = 64 * 127 * (type == GgmlType.Q8_0 ? -128f : -8f);
      assertThat(run(scalar, matmul)).containsOnly(expected);
      assertThat(run(tested, matmul)).containsOnly(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"F32", "F16", "BF16", "Q8_0", "Q4_0"})
  protected void embedAgrees(GgmlType type) throws IOException {
    byte[] weights = ToyLlama.randomWeights(type, 41, 96, random);
    ForwardBatch batch = batch(new int[] {0, 40, 17, 3}, 4, 1);
    Operation embed =
        backend -> {
          Tensor out = backend.activations(4, 96);
          backend.begin(batch);
          backend.embed(weight(backend, type, 41, 96, weights), out);
          return new Result(out, 4);
        };
    assertThat(run(tested, embed)).isEqualTo(run(scalar, embed));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 45", "5, 256", "2, 1000"})
  protected void rmsNormAndAddAgree(int rows, int columns) throws IOException {
    float[] x = floats(rows * columns, 2f);
    float[] gain = floats(columns, 1f);
    Operation operation =
        backend -> {
          Tensor t = activations(backend, rows, columns, x);
          Tensor out = backend.activations(rows, columns);
          backend.rmsNorm(rows, t, vector(backend, gain), 1e-5f, out);
          backend.add(rows, out, t);
          backend.rmsNorm(rows, out, vector(backend, gain), 1e-5f, out); // in place
          return new Result(out, rows);
        };
    assertClose(run(scalar, operation), run(tested, operation), 2e-6f);
  }

  @ParameterizedTest
  @CsvSource({
    "SILU, 1, 1, 1",
    "SILU, 3, 45, 10",
    "SILU, 9, 1024, 5",
    "SILU, 2, 33, 200",
    "GELU_TANH, 3, 45, 10",
    "GELU_TANH, 2, 1000, 0.01",
    "GELU_TANH, 2, 33, 200",
    "RELU_SQUARED, 3, 45, 10"
  })
  protected void gluAgrees(Activation activation, int rows, int columns, float range)
      throws IOException {
    float[] gate = floats(rows * columns, range);
    float[] up = floats(rows * columns, 1f);
    Operation glu =
        backend -> {
          Tensor out = activations(backend, rows, columns, gate);
          backend.glu(activation, rows, out, activations(backend, rows, columns, up));
          return new Result(out, rows);
        };
    assertClose(run(scalar, glu), run(tested, glu), 1e-6f * range);
  }

  @Test
  protected void activationsAreThoseOfThePapers() throws IOException {
    float[] gate = {-2f, -0.5f, 0f, 0.5f, 3f};
    float[] up = {1f, 1f, 1f, 1f, 2f};
    Map<Activation, double[]> expected =
        Map.of(
            Activation.SILU, new double[] {-0.2384058, -0.1887703, 0, 0.3112297, 5.7154448},
            Activation.GELU_TANH, new double[] {-0.0454023, -0.1542860, 0, 0.3457140, 5.9927254},
            Activation.RELU_SQUARED, new double[] {0, 0, 0, 0.25, 18});
    for (Backend backend : new Backend[] {scalar, tested}) {
      for (Activation activation : Activation.values()) {
        Tensor out = activations(backend, 1, 5, gate);
        backend.glu(activation, 1, out, activations(backend, 1, 5, up));
        float[] actual = new float[5];
        backend.read(1, out, actual);
        for (int i = 0; i < 5; i++) {
          assertThat((double) actual[i])
              .as("%s(%s)", activation, gate[i])
              .isCloseTo(expected.get(activation)[i], within(2e-6));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"3, 2, 18", "2, 4, 64", "5, 3, 16", "1, 7, 5"})
  protected void rmsNormOfPartsIsThatOfRows(int rows, int parts, int part) throws IOException {
    float[] x = floats(rows * parts * part, 2f);
    float[] gain = floats(part, 1f);
    Operation asParts =
        backend -> {
          Tensor out = activations(backend, rows, parts * part, x);
          backend.rmsNorm(rows, out, vector(backend, gain), 1e-5f, out);
          return new Result(out, rows);
        };
    Operation asRows =
        backend -> {
          Tensor out = activations(backend, rows * parts, part, x);
          backend.rmsNorm(rows * parts, out, vector(backend, gain), 1e-5f, out);
          return new Result(out, rows * parts);
        };
    float[] expected = run(scalar, asRows);
    assertThat(run(scalar, asParts)).isEqualTo(expected);
    assertClose(expected, run(tested, asParts), 2e-6f);
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 45", "2, 1000"})
  protected void biasScaleAndSoftCapAgree(int rows, int columns) throws IOException {
    float[] x = floats(rows * columns, 30f);
    float[] bias = floats(columns, 1f);
    Operation operation =
        backend -> {
          Tensor out = activations(backend, rows, columns, x);
          backend.scale(rows, out, 0.75f);
          backend.addBias(rows, out, vector(backend, bias));
          backend.softCap(rows, out, 5f);
          return new Result(out, rows);
        };
    float[] expected = run(scalar, operation);
    assertClose(expected, run(tested, operation), 3e-6f);
    int last = rows * columns - 1;
    assertThat((double) expected[last])
        .isCloseTo(5 * Math.tanh((0.75 * x[last] + bias[columns - 1]) / 5), within(3e-6));
  }

  @Test
  protected void softCapIsExactFromNoneToAll() throws IOException {
    float[] x = new float[4_000];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) Math.pow(10, -7 + i / 400.0) * (i % 2 == 0 ? 1 : -1); // 1e-7 to 1e3
    }
    Operation softCap =
        backend -> {
          Tensor out = activations(backend, 1, x.length, x);
          backend.softCap(1, out, 30f);
          return new Result(out, 1);
        };
    float[] actual = run(tested, softCap);
    for (int i = 0; i < x.length; i++) {
      double expected = 30 * Math.tanh(x[i] / 30.0);
      assertThat(actual[i] / expected).as("cap of %s", x[i]).isCloseTo(1, within(6e-7));
    }
  }

  @ParameterizedTest
  @CsvSource({"INTERLEAVED, 18, 10", "HALVES, 18, 10", "INTERLEAVED, 32, 32", "HALVES, 64, 64"})
  protected void ropeTurnsAndKeepsLengths(RopePairs pairs, int headDim, int ropeDim)
      throws IOException {
    float[] x = floats(4 * 3 * headDim, 1f);
    float[] frequencies = floats(ropeDim / 2, 1f);
    ForwardBatch batch = batch(new int[4], 4, 1);
    Operation rope =
        backend -> {
          Tensor out = activations(backend, 4, 3 * headDim, x);
          Tensor angles = backend.activations(4, ropeDim);
          backend.begin(batch);
          backend.ropeAngles(vector(backend, frequencies), 1f, angles);
          backend.rope(angles, pairs, headDim, out);
          return new Result(out, 4);
        };
    float[] expected = run(scalar, rope);
    assertRotations(expected, run(tested, rope));
    int apart = pairs == RopePairs.INTERLEAVED ? 1 : ropeDim / 2;
    for (int row = 0; row < 4; row++) {
      int at = row * 3 * headDim; // the first pair of the first head
      double angle = row * (double) frequencies[0];
      assertThat(expected[at])
          .isCloseTo(
              (float) (x[at] * Math.cos(angle) - x[at + apart] * Math.sin(angle)), within(1e-6f));
      assertThat(Math.hypot(expected[at], expected[at + apart]))
          .isCloseTo(Math.hypot(x[at], x[at + apart]), within(1e-6));
      assertThat(expected[at + headDim - 1])
          .matches(y -> ropeDim == headDim || y == x[at + headDim - 1], "not turned");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1, 4, 1, 0, 0",
    "6, 2, 18, 5, 29, 0, 0",
    "8, 4, 32, 16, 70, 0, 0",
    "5, 1, 7, 3, 40, 0, 0",
    "6, 2, 18, 5, 29, 2, 0",
    "6, 2, 18, 5, 29, 0, 1",
    "6, 2, 18, 5, 29, 0, 5",
    "8, 4, 32, 16, 70, 3, 17",
    "5, 1, 7, 3, 40, 0, 39"
  })
  protected void attentionAgrees(
      int heads, int kvHeads, int headDim, int blockTokens, int tokens, float softCap, int window)
      throws IOException {
    AttentionSpec spec = new AttentionSpec(0.3f, softCap, window);
    float[] q = floats(tokens * heads * headDim, 3f);
    float[] k = floats(tokens * kvHeads * headDim, 3f);
    float[] v = floats(tokens * kvHeads * headDim, 3f);
    ForwardBatch batch = batch(new int[tokens], tokens, blockTokens);
    for (KvType type : KvType.values()) {
      Operation attention =
          backend -> {
            int blocks = (tokens + blockTokens - 1) / blockTokens;
            KvCache kv = backend.kvCache(type, 2, blocks + 3, blockTokens, kvHeads, headDim);
            Tensor out = backend.activations(tokens, heads * headDim);
            backend.begin(batch);
            backend.storeKv(
                activations(backend, tokens, kvHeads * headDim, k),
                activations(backend, tokens, kvHeads * headDim, v),
                kv,
                1);
            backend.attention(activations(backend, tokens, heads * headDim, q), kv, 1, spec, out);
            return new Result(out, tokens);
          };
      assertClose(run(scalar, attention), run(tested, attention), 2e-5f);
    }
  }

  @Test
  protected void gatherPicksTheRowsAskedFor() throws IOException {
    float[] x = floats(5 * 21, 1f);
    ForwardBatch all = batch(new int[5], 5, 1);
    ForwardBatch batch =
        new ForwardBatch(
            all.tokens(),
            all.positions(),
            all.slots(),
            all.segmentStarts(),
            all.blockTables(),
            new int[] {1, 4});
    for (Backend backend : new Backend[] {scalar, tested}) {
      backend.begin(batch);
      Tensor out = backend.activations(2, 21);
      backend.gather(activations(backend, 5, 21, x), out);
      float[] rows = new float[2 * 21];
      backend.read(2, out, rows);
      assertThat(rows).startsWith(Arrays.copyOfRange(x, 21, 42));
      assertThat(rows).endsWith(Arrays.copyOfRange(x, 84, 105));
    }
  }

  // ---- tensors on either backend

  protected static float[] run(Backend backend, Operation operation) throws IOException {
    Result result = operation.on(backend);
    float[] out = new float[result.rows() * result.tensor().columns()];
    backend.read(result.rows(), result.tensor(), out);
    return out;
  }

  protected static Tensor weight(Backend backend, GgmlType type, int rows, int columns, byte[] data)
      throws IOException {
    return backend.weight(
        "test",
        type,
        rows,
        columns,
        (offset, into, length) -> System.arraycopy(data, (int) offset, into, 0, length));
  }

  protected static Tensor vector(Backend backend, float[] x) throws IOException {
    return weight(backend, GgmlType.F32, 1, x.length, bytes(x));
  }

  /** Activations with given elements. */
  protected Tensor activations(Backend backend, int rows, int columns, float[] x) {
    Tensor tensor = backend.activations(rows, columns);
    fill(backend, tensor, x);
    return tensor;
  }

  protected static byte[] bytes(float[] x) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * x.length).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(x);
    return buffer.array();
  }

  protected float[] floats(int n, float range) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (random.nextFloat() * 2 - 1) * range;
    }
    return x;
  }

  /** One sequence from position 0, its blocks in reverse order after two unused ones. */
  protected static ForwardBatch batch(int[] tokens, int rows, int blockTokens) {
    int[] blocks = new int[(rows + blockTokens - 1) / blockTokens];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = blocks.length + 1 - i;
    }
    int[] positions = new int[rows];
    int[] slots = new int[rows];
    for (int row = 0; row < rows; row++) {
      positions[row] = row;
      slots[row] = blocks[row / blockTokens] * blockTokens + row % blockTokens;
    }
    return new ForwardBatch(
        tokens, positions, slots, new int[] {0, rows}, new int[][] {blocks}, new int[] {rows - 1});
  }

  protected static void assertClose(float[] expected, float[] actual, float tolerance) {
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i])
          .as("element %d", i)
          .isCloseTo(expected[i], within(tolerance * Math.max(1f, Math.abs(expected[i]))));
    }
  }
}
