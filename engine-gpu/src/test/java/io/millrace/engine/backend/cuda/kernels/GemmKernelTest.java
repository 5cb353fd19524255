package io.millrace.engine.backend.cuda.kernels;

import static io.millrace.engine.backend.cuda.kernels.KernelRun.ceilDiv;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.cuda.kernels.KernelRun.Array;
import io.millrace.engine.backend.cuda.pack.PackedForm;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.BlockFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Products with weights of every type against sums in double precision. */
class GemmKernelTest {
  /** Not a number of rows: the kernels whose names end in _tile. */
  private static final int PREFILL = 0;

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
    "Q4_K, 64, 33, 18, 256",
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

  @ParameterizedTest
  @CsvSource({
    "F16, 3, 17, 32",
    "F16, 65, 130, 300",
    "Q8_0, 3, 17, 32",
    "Q8_0, 65, 130, 672",
    "Q4_0, 3, 17, 96",
    "Q4_0, 65, 130, 608",
    "Q4_0, 2, 5, 1184"
  })
  void prefillGivesWhatDecodingGives(GgmlType type, int rows, int outputs, int columns) {
    DeviceWeight weight = DeviceWeight.random(type, outputs, columns, random);
    float[] x = Near.floats(random, rows * columns, 3);
    try (KernelRun run = new KernelRun()) {
      assertThat(multiply(run, weight, PREFILL, rows, x))
          .isEqualTo(multiply(run, weight, 64, rows, x));
    }
  }

  /** What an output is must not depend on who else is in the batch. */
  @Test
  void aRowComesOutTheSameInAnyBatch() {
    int columns = 1184; // chunks of different lengths
    for (GgmlType type : new GgmlType[] {GgmlType.F16, GgmlType.Q8_0, GgmlType.Q4_0}) {
      DeviceWeight weight = DeviceWeight.random(type, 18, columns, random);
      float[] x = Near.floats(random, 20 * columns, 3);
      try (KernelRun run = new KernelRun()) {
        float[] batch = multiply(run, weight, 32, 20, x);
        float[] large = multiply(run, weight, 64, 20, x);
        assertThat(large).isEqualTo(batch);
        for (int row : new int[] {0, 13}) {
          float[] alone =
              multiply(
                  run, weight, 8, 1, Arrays.copyOfRange(x, row * columns, (row + 1) * columns));
          assertThat(alone).isEqualTo(Arrays.copyOfRange(batch, row * 18, (row + 1) * 18));
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
      Near.assertNear(multiply(run, weight, tile, rows, x), expected, 2e-6);
    }
  }

  private static float[] multiply(
      KernelRun run, DeviceWeight weight, int tile, int rows, float[] x) {
    int outputs = weight.rows();
    Array out = run.empty(4 * rows * outputs);
    int columns = weight.columns();
    PackedForm form = weight.form();
    List<Object> args = new ArrayList<>(weight.upload(run));
    if (form.isPlain()) {
      args.addAll(List.of(run.floats(x), out, rows, outputs, columns));
      run.launch(
          "gemm_f32",
          "gemm_" + form.suffix(),
          ceilDiv(outputs, 4),
          ceilDiv(rows, 8),
          1,
          128,
          args.toArray());
      return run.readFloats(out);
    }
    boolean prefill = tile == PREFILL;
    int step = prefill ? 64 : tile;
    int padRows = ceilDiv(rows, step) * step;
    int pad = form.paddedColumns(columns);
    if (form == PackedForm.W16) {
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
      args.addAll(List.of(hi, lo, scales));
    } else {
      Activations8 activations = Activations8.of(run, x, rows, columns, padRows, pad);
      args.addAll(List.of(activations.quants(), activations.scales()));
    }
    args.addAll(List.of(out, rows, outputs, pad));
    if (form == PackedForm.ANY) {
      args.add(BlockFormat.of(weight.type()).orElseThrow().subBlock());
    }
    int piece = form == PackedForm.W16 ? 32 : form == PackedForm.W2 ? 128 : 64;
    String name = "gemm_" + form.suffix();
    run.launch(
        prefill ? name + "_tile" : name,
        prefill ? name + "_tile" : name + "_n" + tile,
        ceilDiv(outputs, prefill ? 128 : 16),
        ceilDiv(rows, step),
        1,
        prefill ? 256 : 32 * Math.min(8, pad / piece),
        args.toArray());
    return run.readFloats(out);
  }
}
