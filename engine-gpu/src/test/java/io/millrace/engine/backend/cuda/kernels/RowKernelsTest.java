package io.millrace.engine.backend.cuda.kernels;

import static io.millrace.engine.backend.cuda.kernels.KernelRun.ceilDiv;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.cuda.kernels.KernelRun.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The kernels that work row by row or element by element, against double precision. */
class RowKernelsTest {
  private static final int[] SLOTS = {4, 0, 2};

  private final Random random = new Random(17);

  @ParameterizedTest
  @CsvSource({"3, 1", "2, 45", "4, 256", "2, 257", "1, 1000"})
  void normsAreThoseOfDoublePrecision(int parts, int n) {
    float[] x = Near.floats(random, parts * n, 2);
    float[] y = Near.floats(random, parts * n, 2);
    float[] weight = Near.floats(random, n, 1);
    double[] normed = new double[parts * n];
    double[] summed = new double[parts * n];
    for (int part = 0; part < parts; part++) {
      double squares = 0;
      double ofSums = 0;
      for (int i = part * n; i < (part + 1) * n; i++) {
        squares += (double) x[i] * x[i];
        ofSums += Math.pow((double) x[i] + y[i], 2);
      }
      for (int i = 0; i < n; i++) {
        int at = part * n + i;
        normed[at] = x[at] / Math.sqrt(squares / n + 1e-5f) * weight[i];
        summed[at] = ((double) x[at] + y[at]) / Math.sqrt(ofSums / n + 1e-5f) * weight[i];
      }
    }
    int threads = n <= 256 ? 32 : 256;
    try (KernelRun run = new KernelRun()) {
      Array residual = run.floats(x);
      Array gain = run.floats(weight);
      Array out = run.empty(4 * parts * n);
      run.launch(
          "norm",
          "norm_add_rms",
          parts,
          1,
          1,
          threads,
          residual,
          run.floats(y),
          gain,
          out,
          parts,
          n,
          1e-5f);
      Near.assertNear(run.readFloats(out), summed, 1e-6);
      float[] sums = run.readFloats(residual);
      for (int i = 0; i < x.length; i++) {
        assertThat(sums[i]).isEqualTo(x[i] + y[i]);
      }
      Array inPlace = run.floats(x);
      run.launch("norm", "norm_rms", parts, 1, 1, threads, inPlace, gain, inPlace, parts, n, 1e-5f);
      Near.assertNear(run.readFloats(inPlace), normed, 1e-6);
    }
  }

  @Test
  void anglesAreExactAtAnyPosition() {
    float[] frequencies = new float[20];
    for (int i = 0; i < 20; i++) {
      frequencies[i] = (float) Math.pow(500_000, -i / 20.0);
    }
    int[] positions = {0, 1, 7, 131_071, 1_048_575};
    try (KernelRun run = new KernelRun()) {
      Array out = run.empty(4 * 5 * 40);
      run.launch(
          "rope",
          "rope_angles",
          1,
          1,
          1,
          128,
          run.floats(frequencies),
          run.ints(positions),
          out,
          5,
          20,
          1.25f);
      float[] angles = run.readFloats(out);
      for (int at = 0; at < 100; at++) {
        double angle = positions[at / 20] * (double) frequencies[at % 20];
        assertThat((double) angles[2 * at]).isEqualTo((float) (1.25 * Math.cos(angle)));
        assertThat((double) angles[2 * at + 1]).isEqualTo((float) (1.25 * Math.sin(angle)));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void headsAreTurnedAndStored(int interleaved) {
    int rows = 3;
    int heads = 5;
    int kvHeads = 2;
    int headDim = 18;
    int pairs = 7;
    int kvDim = kvHeads * headDim;
    float[] angles = Near.floats(random, rows * pairs * 2, 1);
    float[] q = Near.floats(random, rows * heads * headDim, 3);
    float[] k = Near.floats(random, rows * kvDim, 3);
    float[] v = Near.floats(random, rows * kvDim, 3);
    int[] slots = SLOTS;
    float[] turnedQ = turned(q, angles, heads, headDim, pairs, interleaved == 1);
    float[] turnedK = turned(k, angles, kvHeads, headDim, pairs, interleaved == 1);
    try (KernelRun run = new KernelRun()) {
      Array turn = run.floats(angles);
      Array x = run.floats(q);
      run.launch(
          "rope",
          "rope_rotate",
          ceilDiv(rows * heads * pairs, 128),
          1,
          1,
          128,
          turn,
          x,
          rows,
          heads,
          headDim,
          pairs,
          interleaved);
      assertThat(run.readFloats(x)).isEqualTo(turnedQ);

      Array queries = run.floats(q);
      Array keys = run.floats(k);
      Array cacheK = run.floats(new float[5 * kvDim]);
      Array cacheV = run.floats(new float[5 * kvDim]);
      ropeStore(run, "f32", rows, turn, queries, keys, run.floats(v), cacheK, cacheV, interleaved);
      assertThat(run.readFloats(queries)).isEqualTo(turnedQ);
      float[] expectedK = new float[5 * kvDim];
      float[] expectedV = new float[5 * kvDim];
      for (int row = 0; row < rows; row++) {
        System.arraycopy(turnedK, row * kvDim, expectedK, slots[row] * kvDim, kvDim);
        System.arraycopy(v, row * kvDim, expectedV, slots[row] * kvDim, kvDim);
      }
      assertThat(run.readFloats(keys)).isEqualTo(turnedK);
      assertThat(run.readFloats(cacheK)).isEqualTo(expectedK);
      assertThat(run.readFloats(cacheV)).isEqualTo(expectedV);
    }
  }

  private static void ropeStore(
      KernelRun run,
      String type,
      int rows,
      Array angles,
      Array q,
      Array k,
      Array v,
      Array cacheK,
      Array cacheV,
      int interleaved,
      Array... scales) {
    List<Object> args = new ArrayList<>(List.of(angles, q, k, v, cacheK, cacheV));
    args.addAll(List.of(scales));
    args.addAll(List.of(run.ints(SLOTS), 5, 2, 18, 7, interleaved));
    run.launch("rope", "rope_store_" + type, 5 + 2, rows, 1, 128, args.toArray());
  }

  /** What the fused kernels leave is what turning and storing one after the other does. */
  @ParameterizedTest
  @ValueSource(strings = {"f16", "int8"})
  void turnedHeadsAreStoredAsTheyAreAlone(String type) {
    int rows = 3;
    int kvDim = 2 * 18;
    float[] angles = Near.floats(random, rows * 7 * 2, 1);
    float[] q = Near.floats(random, rows * 5 * 18, 3);
    float[] k = Near.floats(random, rows * kvDim, 3);
    float[] v = Near.floats(random, rows * kvDim, 3);
    boolean int8 = type.equals("int8");
    int bytes = 5 * kvDim * (int8 ? 1 : 2);
    try (KernelRun run = new KernelRun()) {
      Array turn = run.floats(angles);
      Array queries = run.floats(q);
      Array[] fused = {run.bytes(new byte[bytes]), run.bytes(new byte[bytes])};
      Array[] alone = {run.bytes(new byte[bytes]), run.bytes(new byte[bytes])};
      Array[] fusedScales = int8 ? scales(run) : new Array[0];
      Array[] aloneScales = int8 ? scales(run) : new Array[0];
      ropeStore(
          run,
          type,
          rows,
          turn,
          queries,
          run.floats(k),
          run.floats(v),
          fused[0],
          fused[1],
          0,
          fusedScales);

      assertThat(run.readFloats(queries)).isEqualTo(turned(q, angles, 5, 18, 7, false));
      List<Object> args = new ArrayList<>();
      args.add(run.floats(turned(k, angles, 2, 18, 7, false)));
      args.addAll(List.of(run.floats(v), alone[0], alone[1]));
      args.addAll(List.of(aloneScales));
      args.addAll(List.of(run.ints(SLOTS), rows));
      args.addAll(int8 ? List.of(2, 18) : List.of(kvDim));
      run.launch(
          "rope", "kv_store_" + type, rows, int8 ? 2 : 1, 1, int8 ? 32 : 128, args.toArray());
      for (int i = 0; i < 2; i++) {
        assertThat(run.read(fused[i])).isEqualTo(run.read(alone[i]));
        if (int8) {
          assertThat(run.readFloats(fusedScales[i])).isEqualTo(run.readFloats(aloneScales[i]));
        }
      }
    }
  }

  private static Array[] scales(KernelRun run) {
    return new Array[] {run.floats(new float[5 * 2]), run.floats(new float[5 * 2])};
  }

  /** As the CPU turns them, rounding included. */
  private static float[] turned(
      float[] x, float[] angles, int heads, int headDim, int pairs, boolean interleaved) {
    float[] y = x.clone();
    for (int head = 0; head < x.length / headDim; head++) {
      for (int i = 0; i < pairs; i++) {
        float cos = angles[(head / heads * pairs + i) * 2];
        float sin = angles[(head / heads * pairs + i) * 2 + 1];
        int first = head * headDim + (interleaved ? 2 * i : i);
        int second = interleaved ? first + 1 : first + pairs;
        y[first] = x[first] * cos - x[second] * sin;
        y[second] = x[first] * sin + x[second] * cos;
      }
    }
    return y;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void gatedUnitsAreThoseOfThePapers(int activation) {
    float[] gate = Near.floats(random, 300, 12);
    float[] up = Near.floats(random, 300, 2);
    double[] expected = new double[300];
    for (int i = 0; i < 300; i++) {
      double x = gate[i];
      double cubic = x * (1 + 0.044715 * x * x);
      expected[i] =
          up[i]
              * switch (activation) {
                case 0 -> x / (1 + Math.exp(-x));
                case 1 -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * cubic));
                default -> Math.pow(Math.max(0, x), 2);
              };
    }
    try (KernelRun run = new KernelRun()) {
      Array out = run.floats(gate);
      run.launch("swiglu", "swiglu", 2, 1, 1, 256, out, run.floats(up), 300, activation);
      Near.assertNear(run.readFloats(out), expected, 3e-7);
    }
  }

  @Test
  void elementsAreAddedScaledCappedAndMoved() {
    int rows = 4;
    int columns = 75;
    int n = rows * columns;
    float[] x = Near.floats(random, n, 30);
    float[] y = Near.floats(random, n, 30);
    float[] bias = Near.floats(random, columns, 5);
    float[] order = new float[columns];
    for (int i = 0; i < columns; i++) {
      order[i] = (i * 7 + 3) % columns;
    }
    double[] capped = new double[n];
    float[] sums = new float[n];
    for (int i = 0; i < n; i++) {
      sums[i] = (x[i] + y[i]) * 0.75f + bias[i % columns];
      capped[i] = 5 * Math.tanh(sums[i] / 5.0);
    }
    try (KernelRun run = new KernelRun()) {
      Array at = run.floats(x);
      run.launch("elementwise", "add", 2, 1, 1, 256, at, run.floats(y), n);
      run.launch("elementwise", "scale", 2, 1, 1, 256, at, n, 0.75f);
      run.launch("elementwise", "add_bias", 2, 1, 1, 256, at, run.floats(bias), n, columns);
      assertThat(run.readFloats(at)).isEqualTo(sums);
      Array out = run.empty(4 * 2 * columns);
      run.launch("elementwise", "gather", 2, 1, 1, 256, at, run.ints(1, 3), out, 2, columns);
      float[] gathered = run.readFloats(out);
      assertThat(gathered).startsWith(Arrays.copyOfRange(sums, columns, 2 * columns));
      assertThat(gathered).endsWith(Arrays.copyOfRange(sums, 3 * columns, 4 * columns));
      Array moved = run.empty(4 * n);
      run.launch(
          "elementwise", "reorder", rows, 1, 1, 256, at, run.floats(order), moved, rows, columns);
      float[] reordered = run.readFloats(moved);
      for (int i = 0; i < n; i++) {
        assertThat(reordered[i]).isEqualTo(sums[i / columns * columns + (int) order[i % columns]]);
      }
      run.launch("elementwise", "soft_cap", 2, 1, 1, 256, at, n, 5f);
      Near.assertNear(run.readFloats(at), capped, 3e-7);
    }
  }
}
