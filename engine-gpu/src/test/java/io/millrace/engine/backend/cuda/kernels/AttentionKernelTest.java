package io.millrace.engine.backend.cuda.kernels;

import static io.millrace.engine.backend.cuda.kernels.KernelRun.ceilDiv;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.cuda.kernels.KernelRun.Array;
import io.millrace.engine.quant.HalfFloats;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys and values into blocks of the cache, and attention to them, against double precision. */
class AttentionKernelTest {
  private final Random random = new Random(13);

  /** Positions of some of a sequence's rows, the last of them last. */
  private record Shape(int heads, int kvHeads, int headDim, int blockTokens, int tokens) {
    int blocks() {
      return ceilDiv(tokens, blockTokens);
    }

    /** Block ids in reverse order after two unused ones. */
    int[] table() {
      int[] table = new int[blocks()];
      Arrays.setAll(table, i -> table.length + 1 - i);
      return table;
    }

    int slot(int position) {
      return table()[position / blockTokens] * blockTokens + position % blockTokens;
    }

    int slots() {
      return (blocks() + 3) * blockTokens;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "f32, 1, 1, 4, 1, 1, 0, 0",
    "f32, 6, 2, 18, 5, 29, 0, 0",
    "f32, 8, 4, 32, 16, 70, 0, 17",
    "f32, 5, 1, 7, 3, 40, 3, 0",
    "f32, 6, 2, 18, 5, 29, 2, 1",
    "f32, 6, 2, 18, 5, 32, 0, 0",
    "f32, 9, 1, 64, 16, 270, 0, 0",
    "f32, 2, 1, 96, 16, 300, 0, 270",
    "f32, 5, 1, 128, 16, 33, 5, 0",
    "f32, 5, 1, 200, 16, 33, 0, 0",
    "f16, 6, 2, 18, 5, 29, 0, 0",
    "f16, 4, 1, 64, 16, 40, 0, 9",
    "f16, 4, 2, 128, 16, 40, 0, 0",
    "f16, 2, 1, 256, 16, 40, 0, 0",
    "f16, 9, 1, 96, 16, 270, 4, 150",
    "int8, 6, 2, 18, 5, 29, 0, 0",
    "int8, 9, 1, 64, 16, 270, 0, 0",
    "int8, 4, 2, 128, 16, 40, 2, 0",
    "int8, 2, 1, 72, 16, 40, 0, 0",
    "int8, 2, 1, 256, 16, 40, 0, 11"
  })
  void attentionIsThatOfDoublePrecision(
      String type,
      int heads,
      int kvHeads,
      int headDim,
      int blockTokens,
      int tokens,
      float softCap,
      int window) {
    Shape shape = new Shape(heads, kvHeads, headDim, blockTokens, tokens);
    float[] k = Near.floats(random, tokens * kvHeads * headDim, 3);
    float[] v = Near.floats(random, tokens * kvHeads * headDim, 3);
    int[] positions = tokens == 1 ? new int[] {0} : new int[] {tokens / 2, tokens - 1};
    float[] q = Near.floats(random, positions.length * heads * headDim, 3);
    try (KernelRun run = new KernelRun()) {
      Cache cache = store(run, type, shape, k, v);
      float[] out = attend(run, type, shape, cache, q, positions, softCap, window);
      double[] keys = widened(type, k, shape);
      double[] values = widened(type, v, shape);
      Near.assertNear(out, expected(shape, keys, values, q, positions, softCap, window), 3e-6);
    }
  }

  /** Two segments: the whole sequence but for a few positions at the start, and its last row. */
  @ParameterizedTest
  @CsvSource({
    "f32, 6, 2, 18, 5, 29, 0, 0",
    "f32, 2, 1, 64, 16, 140, 0, 40",
    "f32, 3, 3, 96, 16, 70, 5, 0",
    "f32, 2, 1, 48, 16, 40, 5, 0",
    "f16, 4, 2, 128, 16, 80, 0, 0",
    "int8, 4, 1, 64, 7, 66, 0, 0",
    "int8, 2, 1, 128, 16, 40, 3, 30"
  })
  void chunksAreNearDoublePrecision(
      String type,
      int heads,
      int kvHeads,
      int headDim,
      int blockTokens,
      int tokens,
      float softCap,
      int window) {
    Shape shape = new Shape(heads, kvHeads, headDim, blockTokens, tokens);
    float[] k = Near.floats(random, tokens * kvHeads * headDim, 1);
    float[] v = Near.floats(random, tokens * kvHeads * headDim, 3);
    int[] positions = new int[tokens - 4];
    Arrays.setAll(positions, row -> row == tokens - 5 ? tokens - 1 : 3 + row);
    float[] q = Near.floats(random, positions.length * heads * headDim, 1);
    int[] tables = Arrays.copyOf(shape.table(), 2 * shape.blocks());
    System.arraycopy(shape.table(), 0, tables, shape.blocks(), shape.blocks());
    try (KernelRun run = new KernelRun()) {
      Cache cache = store(run, type, shape, k, v);
      Array out = run.empty(4 * q.length);
      run.launch(
          "attention_prefill",
          "attention_prefill_" + type + (headDim <= 64 ? "_d64" : "_d128"),
          ceilDiv(positions.length - 1, 64),
          heads,
          2,
          128,
          run.floats(q),
          cache.k(),
          cache.v(),
          cache.scalesK(),
          cache.scalesV(),
          run.ints(positions),
          run.ints(0, positions.length - 1, positions.length),
          run.ints(tables),
          out,
          heads,
          kvHeads,
          headDim,
          blockTokens,
          shape.blocks(),
          window,
          0.3f,
          softCap);
      double[] keys = widened(type, k, shape);
      double[] values = widened(type, v, shape);
      double[] expected = expected(shape, keys, values, q, positions, softCap, window);
      Near.assertNear(run.readFloats(out), expected, 2e-3); // everything rounded to binary16
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32", "f16", "int8"})
  void aRowComesOutTheSameInAnyCompany(String type) {
    Shape shape = new Shape(4, 2, 32, 16, 280);
    float[] k = Near.floats(random, 280 * 2 * 32, 3);
    float[] v = Near.floats(random, 280 * 2 * 32, 3);
    float[] q = Near.floats(random, 3 * 4 * 32, 3);
    try (KernelRun run = new KernelRun()) {
      Cache cache = store(run, type, shape, k, v);
      float[] all = attend(run, type, shape, cache, q, new int[] {20, 255, 279}, 0, 0);
      float[] alone = attend(run, type, shape, cache, Arrays.copyOf(q, 128), new int[] {20}, 0, 0);
      assertThat(alone).isEqualTo(Arrays.copyOf(all, 128));
      float[] middle = Arrays.copyOfRange(q, 128, 256);
      alone = attend(run, type, shape, cache, middle, new int[] {255}, 0, 0);
      assertThat(alone).isEqualTo(Arrays.copyOfRange(all, 128, 256));
    }
  }

  private record Cache(Array k, Array v, Array scalesK, Array scalesV) {}

  private static Cache store(KernelRun run, String type, Shape shape, float[] k, float[] v) {
    int kvDim = shape.kvHeads() * shape.headDim();
    int[] slots = new int[shape.tokens()];
    Arrays.setAll(slots, shape::slot);
    int width = type.equals("f32") ? 4 : type.equals("f16") ? 2 : 1;
    int bytes = shape.slots() * kvDim * width;
    Cache cache =
        type.equals("int8")
            ? new Cache(
                run.empty(bytes),
                run.empty(bytes),
                run.empty(4 * shape.slots() * shape.kvHeads()),
                run.empty(4 * shape.slots() * shape.kvHeads()))
            : new Cache(run.empty(bytes), run.empty(bytes), Array.NONE, Array.NONE);
    if (type.equals("int8")) {
      run.launch(
          "rope",
          "kv_store_int8",
          shape.tokens(),
          shape.kvHeads(),
          1,
          32,
          run.floats(k),
          run.floats(v),
          cache.k(),
          cache.v(),
          cache.scalesK(),
          cache.scalesV(),
          run.ints(slots),
          shape.tokens(),
          shape.kvHeads(),
          shape.headDim());
    } else {
      run.launch(
          "rope",
          "kv_store_" + type,
          shape.tokens(),
          1,
          1,
          128,
          run.floats(k),
          run.floats(v),
          cache.k(),
          cache.v(),
          run.ints(slots),
          shape.tokens(),
          kvDim);
    }
    return cache;
  }

  /** Two sequences share the cache's blocks: rows alternate between equal tables. */
  private static float[] attend(
      KernelRun run,
      String type,
      Shape shape,
      Cache cache,
      float[] q,
      int[] positions,
      float softCap,
      int window) {
    int rows = positions.length;
    int[] tables = Arrays.copyOf(shape.table(), 2 * shape.blocks());
    System.arraycopy(shape.table(), 0, tables, shape.blocks(), shape.blocks());
    int[] segments = new int[rows];
    Arrays.setAll(segments, row -> row % 2);
    int splits = positions[rows - 1] / 128 + 1;
    int d = shape.headDim() <= 32 ? 32 : shape.headDim() <= 64 ? 64 : 128;
    int name = shape.headDim() <= 128 ? d : 256;
    int group = shape.heads() / shape.kvHeads();
    Array partial = run.empty(4 * rows * shape.heads() * splits * (2 + shape.headDim()));
    Array out = run.empty(4 * q.length);
    Array at = run.ints(positions);
    run.launch(
        "attention_" + type,
        "attention_" + type + "_d" + name,
        splits,
        shape.kvHeads() * ceilDiv(group, name == 256 ? 4 : 8),
        rows,
        128,
        run.floats(q),
        cache.k(),
        cache.v(),
        cache.scalesK(),
        cache.scalesV(),
        at,
        run.ints(segments),
        run.ints(tables),
        partial,
        rows,
        shape.heads(),
        shape.kvHeads(),
        shape.headDim(),
        shape.blockTokens(),
        shape.blocks(),
        splits,
        window,
        0.3f,
        softCap);
    run.launch(
        "attention_merge",
        "attention_merge",
        shape.heads(),
        rows,
        1,
        128,
        partial,
        at,
        out,
        rows,
        shape.heads(),
        shape.headDim(),
        splits,
        window);
    return run.readFloats(out);
  }

  /** What the cache keeps of it. */
  private static double[] widened(String type, float[] x, Shape shape) {
    double[] kept = new double[x.length];
    int n = shape.headDim();
    for (int at = 0; at < x.length; at += n) {
      float max = 0;
      for (int i = 0; i < n; i++) {
        max = Math.max(max, Math.abs(x[at + i]));
      }
      float scale = max / 127f;
      for (int i = 0; i < n; i++) {
        kept[at + i] =
            switch (type) {
              case "f32" -> x[at + i];
              case "f16" -> HalfFloats.f16(HalfFloats.toF16(x[at + i]));
              default -> Math.rint(x[at + i] * (1 / scale)) * scale;
            };
      }
    }
    return kept;
  }

  private static double[] expected(
      Shape shape, double[] k, double[] v, float[] q, int[] positions, float softCap, int window) {
    int n = shape.headDim();
    double[] out = new double[q.length];
    for (int row = 0; row < positions.length; row++) {
      for (int head = 0; head < shape.heads(); head++) {
        int at = (row * shape.heads() + head) * n;
        int kvHead = head * shape.kvHeads() / shape.heads();
        int first = window == 0 ? 0 : Math.max(0, positions[row] - window + 1);
        double[] scores = new double[positions[row] + 1];
        double max = Double.NEGATIVE_INFINITY;
        for (int p = first; p <= positions[row]; p++) {
          for (int i = 0; i < n; i++) {
            scores[p] += q[at + i] * k[(p * shape.kvHeads() + kvHead) * n + i] * 0.3f;
          }
          scores[p] = softCap > 0 ? softCap * Math.tanh(scores[p] / softCap) : scores[p];
          max = Math.max(max, scores[p]);
        }
        double sum = 0;
        for (int p = first; p <= positions[row]; p++) {
          sum += Math.exp(scores[p] - max);
        }
        for (int p = first; p <= positions[row]; p++) {
          double weight = Math.exp(scores[p] - max) / sum;
          for (int i = 0; i < n; i++) {
            out[at + i] += weight * v[(p * shape.kvHeads() + kvHead) * n + i];
          }
        }
      }
    }
    return out;
  }
}
