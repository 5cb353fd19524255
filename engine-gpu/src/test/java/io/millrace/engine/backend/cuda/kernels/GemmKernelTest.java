package io.millrace.engine.backend.cuda.kernels;

import static io.millrace.engine.backend.cuda.kernels.KernelRun.ceilDiv;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.cuda.LaunchShape;
import io.millrace.engine.backend.cuda.kernels.KernelRun.Array;
import io.millrace.engine.backend.cuda.pack.PackedForm;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.BlockFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Products with weights of every type against sums in double precision. */
class GemmKernelTest {
  /** Forms that have kernels for more than 8 rows whose names hold _tile_. */
  private static final Set<PackedForm> TILED =
      Set.of(PackedForm.W16, PackedForm.W8, PackedForm.W4, PackedForm.W4K);

  private final Random random = new Random(7);

  @ParameterizedTest
  @CsvSource({
    "F32, 8, 1, 5, 3",
    "F32, 8, 9, 7, 70",
    "BF16, 8, 3, 6, 37",
    "F16, 8, 1, 17, 32",
    "F16, 8, 5, 9, 300",
    "F16, 16, 11, 5, 64",
    "F16, 32, 18, 3, 96",
    "F16, 64, 34, 18, 45",
    "Q8_0, 8, 1, 17, 32",
    "Q8_0, 16, 9, 3, 96",
    "Q8_0, 32, 20, 18, 64",
    "Q8_0, 64, 65, 5, 544",
    "Q4_0, 8, 1, 17, 32",
    "Q4_0, 8, 3, 33, 608",
    "Q4_0, 16, 9, 3, 96",
    "Q4_0, 32, 20, 18, 64",
    "Q4_0, 64, 65, 5, 160",
    "Q4_K, 8, 2, 17, 768",
    "Q4_K, 16, 9, 3, 256",
    "Q4_K, 32, 20, 3, 256",
    "Q4_K, 32, 35, 18, 512",
    "TQ2_0, 8, 2, 17, 1280",
    "TQ2_0, 16, 9, 3, 256",
    "TQ2_0, 32, 20, 3, 256",
    "TQ2_0, 64, 33, 18, 256"
  })
  void productsAreThoseOfDoublePrecision(
      GgmlType type, int tile, int rows, int outputs, int columns) {
    check(type, tile, rows, outputs, columns);
  }

  private static Stream<GgmlType> otherTypes() {
    return Stream.of(GgmlType.values())
        .filter(type -> BlockFormat.of(type).isPresent())
        .filter(type -> PackedForm.of(type) == PackedForm.ANY);
  }

  @ParameterizedTest
  @MethodSource("otherTypes")
  void everyOtherTypeIsMultipliedToo(GgmlType type) {
    check(type, 8, 3, 17, type.blockElements() == 32 ? 96 : 512);
    check(type, 64, 10, 3, 256);
  }

  /**
   * What an output is must not depend on who else is in the batch, on the kernel, or on how many
   * blocks share the chunks of K.
   */
  @ParameterizedTest
  @CsvSource({
    "F16, 3, 17, 32",
    "F16, 65, 18, 300",
    "F16, 18, 290, 64",
    "Q8_0, 3, 17, 32",
    "Q8_0, 65, 18, 1184",
    "Q4_0, 3, 17, 96",
    "Q4_0, 65, 18, 1184",
    "Q4_0, 12, 530, 64",
    "Q4_K, 34, 18, 1280"
  })
  void everyKernelGivesTheSame(GgmlType type, int rows, int outputs, int columns) {
    DeviceWeight weight = DeviceWeight.random(type, outputs, columns, random);
    float[] x = Near.floats(random, rows * columns, 3);
    try (KernelRun run = new KernelRun()) {
      float[] expected = multiply(run, weight, 8, 1, rows, x);
      for (int tile : type == GgmlType.Q4_K ? new int[] {16, 32} : new int[] {16, 32, 64}) {
        for (int shares : new int[] {1, 3, 8}) {
          assertThat(multiply(run, weight, tile, shares, rows, x))
              .as("%d rows a block, %d shares", tile, shares)
              .isEqualTo(expected);
        }
      }
      int row = rows - 1;
      assertThat(
              multiply(run, weight, 8, 1, 1, Arrays.copyOfRange(x, row * columns, rows * columns)))
          .isEqualTo(Arrays.copyOfRange(expected, row * outputs, rows * outputs));
    }
  }

  /** Queries, keys and values, of different sizes, in one launch. */
  @ParameterizedTest
  @CsvSource({"F16, 8, 3", "F16, 32, 20", "Q8_0, 16, 9", "Q4_0, 8, 2", "Q4_K, 32, 9", "Q6_K, 8, 2"})
  void threeWeightsAreMultipliedInOneLaunch(GgmlType type, int tile, int rows) {
    int columns = 256;
    float[] x = Near.floats(random, rows * columns, 3);
    List<DeviceWeight> weights = new ArrayList<>();
    for (int outputs : new int[] {34, 16, tile == 8 ? 5 : 300}) {
      weights.add(DeviceWeight.random(type, outputs, columns, random));
    }
    for (int shares : tile > 8 ? new int[] {1, 4} : new int[] {1}) {
      try (KernelRun run = new KernelRun()) {
        List<float[]> together = multiply(run, weights, tile, shares, rows, x);
        for (int i = 0; i < weights.size(); i++) {
          assertThat(together.get(i)).isEqualTo(multiply(run, weights.get(i), 8, 1, rows, x));
        }
      }
    }
  }

  private void check(GgmlType type, int tile, int rows, int outputs, int columns) {
    DeviceWeight weight = DeviceWeight.random(type, outputs, columns, random);
    float[] x = Near.floats(random, rows * columns, 3);
    double[] seen = new double[x.length]; // the activations as the product sees them
    for (int at = 0; at < x.length; at++) {
      seen[at] = x[at];
    }
    if (weight.form().isQuantised()) {
      for (int at = 0; at < x.length; at += 32) {
        float max = 0;
        for (int i = 0; i < 32; i++) {
          max = Math.max(max, Math.abs(x[at + i]));
        }
        float scale = max / 127f;
        for (int i = 0; i < 32; i++) {
          seen[at + i] = Math.rint(x[at + i] * (1 / scale)) * scale;
        }
      }
    }
    double[] expected = new double[rows * outputs];
    for (int row = 0; row < rows; row++) {
      for (int o = 0; o < outputs; o++) {
        for (int k = 0; k < columns; k++) {
          expected[row * outputs + o] +=
              (double) weight.elements()[o * columns + k] * seen[row * columns + k];
        }
      }
    }
    try (KernelRun run = new KernelRun()) {
      Near.assertNear(multiply(run, weight, tile, 1, rows, x), expected, 2e-6);
    }
  }

  private static float[] multiply(
      KernelRun run, DeviceWeight weight, int tile, int shares, int rows, float[] x) {
    if (weight.form().isPlain()) {
      return multiplyPlain(run, weight, rows, x);
    }
    return multiply(run, List.of(weight), tile, shares, rows, x).get(0);
  }

  private static float[] multiplyPlain(KernelRun run, DeviceWeight weight, int rows, float[] x) {
    int outputs = weight.rows();
    Array out = run.empty(4 * rows * outputs);
    List<Object> args = new ArrayList<>(weight.upload(run));
    args.addAll(List.of(run.floats(x), out, rows, outputs, weight.columns()));
    String name = "gemm_" + weight.form().suffix();
    run.launch("gemm_f32", name, ceilDiv(outputs, 4), ceilDiv(rows, 8), 1, 128, args.toArray());
    return run.readFloats(out);
  }

  /**
   * @param tile rows that a block multiplies with
   * @param shares blocks that share the chunks of K
   */
  private static List<float[]> multiply(
      KernelRun run, List<DeviceWeight> weights, int tile, int shares, int rows, float[] x) {
    DeviceWeight first = weights.get(0);
    PackedForm form = first.form();
    boolean tiled = tile > 8 && TILED.contains(form);
    int pad = form.paddedColumns(first.columns());
    int padRows = ceilDiv(rows, tile) * tile;
    List<Array> outs = new ArrayList<>();
    List<Object> group = group(run, weights, tiled ? 256 : 16, rows, outs);
    int gridX = 0;
    for (DeviceWeight weight : weights) {
      gridX += ceilDiv(weight.rows(), tiled ? 256 : 16);
    }
    List<Array> activations = activations(run, form, x, rows, first.columns(), padRows, pad);
    Array rowScale = form == PackedForm.W16 ? activations.get(2) : Array.NONE;
    List<Object> args = new ArrayList<>(group);
    args.addAll(activations);
    int piece = form == PackedForm.W16 ? 32 : form == PackedForm.W2 ? 128 : 64;
    int splits = Math.min(8, pad / piece);
    String name = "gemm_" + form.suffix();
    if (!tiled) {
      args.addAll(List.of(rows, pad));
      if (form == PackedForm.ANY) {
        args.add(BlockFormat.of(first.type()).orElseThrow().subBlock());
      }
      run.launch(name, name + "_n" + tile, gridX, padRows / tile, 1, 32 * splits, args.toArray());
    } else {
      Array chunks = shares == 1 ? Array.NONE : run.empty(4 * splits * rows * gridX * 256);
      args.addAll(List.of(chunks, rows, pad));
      LaunchShape shape =
          new LaunchShape(gridX, padRows / tile, Math.min(shares, splits), 256, 1, 1, 99 << 10);
      run.launch(name + "_tile", name + "_tile_n" + tile, shape, args.toArray());
      if (shape.gridZ() > 1) {
        List<Object> merge = new ArrayList<>(group);
        merge.addAll(List.of(chunks, rowScale, rows, splits));
        run.launch("gemm_merge", "gemm_merge", gridX, rows, 1, 256, merge.toArray());
      }
    }
    return outs.stream().map(run::readFloats).toList();
  }

  /** {@code Group} of {@code gemm.cuh}, as single parameters. */
  private static List<Object> group(
      KernelRun run, List<DeviceWeight> weights, int outputsOfBlock, int rows, List<Array> outs) {
    List<Object> group = new ArrayList<>();
    int block = 0;
    for (DeviceWeight weight : weights) {
      List<Array> parts = new ArrayList<>(weight.upload(run));
      while (parts.size() < 3) {
        parts.add(Array.NONE);
      }
      Array out = run.empty(4 * rows * weight.rows());
      outs.add(out);
      group.addAll(parts);
      group.addAll(List.of(out, weight.rows(), block));
      block += ceilDiv(weight.rows(), outputsOfBlock);
    }
    for (int i = weights.size(); i < 3; i++) {
      group.addAll(List.of(Array.NONE, Array.NONE, Array.NONE, Array.NONE, 0, Integer.MAX_VALUE));
    }
    return group;
  }

  private static List<Array> activations(
      KernelRun run, PackedForm form, float[] x, int rows, int columns, int padRows, int pad) {
    if (form != PackedForm.W16) {
      Activations8 activations = Activations8.of(run, x, rows, columns, padRows, pad);
      return List.of(activations.quants(), activations.scales());
    }
    Array hi = run.empty(2 * padRows * pad);
    Array lo = run.empty(2 * padRows * pad);
    Array scales = run.empty(4 * padRows);
    run.launch(
        "quantise",
        "quantise_split",
        padRows,
        1,
        1,
        256,
        run.floats(x),
        hi,
        lo,
        scales,
        rows,
        columns,
        pad);
    return List.of(hi, lo, scales);
  }
}
