package io.millrace.engine.backend.cuda.ptx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.millrace.engine.backend.cuda.LaunchShape;
import io.millrace.engine.quant.HalfFloats;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/** Runs each kernel of src/test/cuda/checks.cu and compares it with double precision. */
final class CheckKernels {
  private CheckKernels() {}

  /** Kernel to what runs it, from a module's PTX, and fails if it does wrong. */
  static Map<String, Consumer<String>> all() {
    Map<String, Consumer<String>> checks = new LinkedHashMap<>();
    checks.put("check_norm", CheckKernels::norm);
    checks.put("check_softmax", CheckKernels::softmax);
    checks.put("check_transpose", CheckKernels::transpose);
    checks.put("check_mma", CheckKernels::mma);
    checks.put("check_dot8", CheckKernels::dot8);
    checks.put("check_histogram", CheckKernels::histogram);
    checks.put("check_scan", CheckKernels::scan);
    checks.put("check_trig", CheckKernels::trig);
    checks.put("check_nibbles", CheckKernels::nibbles);
    return checks;
  }

  private static float[] random(int seed, int count) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float half(float x) {
    return HalfFloats.f16(HalfFloats.toF16(x));
  }

  private static void norm(String ptx) {
    int rows = 3;
    int columns = 200;
    float epsilon = 1e-5f;
    float[] x = random(1, rows * columns);
    for (int i = 0; i < columns; i++) {
      x[i] *= 1e-3f; // as small as epsilon makes a difference
    }
    float[] weight = random(2, columns);
    try (Device device = new Device(ptx)) {
      long out = device.empty("out", 4L * x.length);
      device.launch(
          "check_norm",
          LaunchShape.of(rows, 128),
          device.floats("x", x),
          device.floats("weight", weight),
          out,
          columns,
          epsilon);
      float[] actual = device.floats(out, x.length);
      for (int row = 0; row < rows; row++) {
        double sum = 0;
        for (int i = 0; i < columns; i++) {
          sum += (double) x[row * columns + i] * x[row * columns + i];
        }
        double scale = 1 / Math.sqrt(sum / columns + epsilon);
        for (int i = 0; i < columns; i++) {
          int at = row * columns + i;
          assertThat((double) actual[at]).isCloseTo(x[at] * scale * weight[i], within(1e-5));
        }
      }
    }
  }

  private static void softmax(String ptx) {
    int rows = 2;
    int columns = 150;
    float scale = 0.5f;
    float[] x = random(3, rows * columns);
    x[40] = 300; // in the second warp, too far from the first one's for e^x
    try (Device device = new Device(ptx)) {
      long at = device.floats("x", x);
      LaunchShape shape = new LaunchShape(rows, 1, 1, 64, 1, 1, 4 * (columns + 2));
      device.launch("check_softmax", shape, at, columns, scale);
      float[] actual = device.floats(at, x.length);
      for (int row = 0; row < rows; row++) {
        double top = Double.NEGATIVE_INFINITY;
        double sum = 0;
        for (int i = 0; i < columns; i++) {
          top = Math.max(top, (double) x[row * columns + i] * scale);
        }
        for (int i = 0; i < columns; i++) {
          sum += Math.exp(x[row * columns + i] * scale - top);
        }
        for (int i = 0; i < columns; i++) {
          double expected = Math.exp(x[row * columns + i] * scale - top) / sum;
          assertThat((double) actual[row * columns + i]).isCloseTo(expected, within(1e-6));
        }
      }
    }
  }

  private static void transpose(String ptx) {
    int rows = 64;
    int columns = 96;
    float[] in = new float[rows * columns];
    for (int i = 0; i < in.length; i++) {
      in[i] = half(i % 2048);
    }
    try (Device device = new Device(ptx)) {
      long out = device.empty("out", 2L * in.length);
      device.launch(
          "check_transpose",
          new LaunchShape(columns / 32, rows / 32, 1, 32, 8, 1, 0),
          device.halves("in", in),
          out,
          rows,
          columns);
      float[] actual = device.halves(out, in.length);
      for (int i = 0; i < in.length; i++) {
        assertThat(actual[i % columns * rows + i / columns]).isEqualTo(in[i]);
      }
    }
  }

  private static void mma(String ptx) {
    int m = 32;
    int n = 24;
    int k = 96;
    float[] a = random(4, m * k);
    float[] b = random(5, n * k);
    try (Device device = new Device(ptx)) {
      long out = device.empty("out", 4L * m * n);
      device.launch(
          "check_mma",
          new LaunchShape(n / 8, m / 16, 1, 32, 1, 1, 0),
          device.halves("a", a),
          device.halves("b", b),
          out,
          n,
          k);
      float[] actual = device.floats(out, m * n);
      for (int i = 0; i < m * n; i++) {
        double sum = 0;
        for (int j = 0; j < k; j++) {
          sum += (double) half(a[i / n * k + j]) * half(b[i % n * k + j]);
        }
        assertThat((double) actual[i]).isCloseTo(sum, within(1e-4));
      }
    }
  }

  private static void dot8(String ptx) {
    int rows = 2;
    int columns = 32 * 160;
    byte[] w = new byte[rows * columns];
    byte[] x = new byte[columns];
    new Random(6).nextBytes(w);
    new Random(7).nextBytes(x);
    float[] ws = random(8, rows * columns / 32);
    float[] xs = random(9, columns / 32);
    try (Device device = new Device(ptx)) {
      long out = device.empty("out", 4L * rows);
      device.launch(
          "check_dot8",
          LaunchShape.of(rows, 32),
          device.bytes("w", w),
          device.bytes("x", x),
          device.floats("ws", ws),
          device.floats("xs", xs),
          out,
          columns);
      float[] actual = device.floats(out, rows);
      for (int row = 0; row < rows; row++) {
        double sum = 0;
        double size = 0;
        for (int i = 0; i < columns; i++) {
          double scale = (double) ws[row * (columns / 32) + i / 32] * xs[i / 32];
          sum += w[row * columns + i] * x[i] * scale;
          size += Math.abs(w[row * columns + i] * x[i] * scale);
        }
        assertThat((double) actual[row]).isCloseTo(sum, within(1e-6 * size));
      }
    }
  }

  private static void histogram(String ptx) {
    int[] values = new Random(10).ints(300, 0, 1000).toArray();
    int[] expected = new int[16];
    for (int value : values) {
      expected[value & 15]++;
    }
    try (Device device = new Device(ptx)) {
      long bins = device.ints("bins", new int[16]);
      LaunchShape shape = LaunchShape.of(3, 64);
      device.launch("check_histogram", shape, device.ints("values", values), bins, values.length);
      assertThat(device.ints(bins, 16)).isEqualTo(expected);
    }
  }

  private static void scan(String ptx) {
    int count = 250;
    float[] in = random(11, count);
    try (Device device = new Device(ptx)) {
      long out = device.empty("out", 4L * count);
      device.launch("check_scan", LaunchShape.of(1, 256), device.floats("in", in), out, count);
      float[] actual = device.floats(out, count);
      double sum = 0;
      for (int i = 0; i < count; i++) {
        sum += in[i];
        assertThat((double) actual[i]).isCloseTo(sum, within(1e-4));
      }
    }
  }

  private static void trig(String ptx) {
    float[] x = random(12, 40);
    for (int i = 0; i < 40; i++) {
      x[i] *= i < 20 ? 10 : 1e7f; // the larger ones take the long way
    }
    try (Device device = new Device(ptx)) {
      long out = device.empty("out", 8L * 40);
      device.launch("check_trig", LaunchShape.of(2, 32), device.floats("x", x), out, 40);
      float[] actual = device.floats(out, 80);
      for (int i = 0; i < 40; i++) {
        assertThat((double) actual[2 * i]).isCloseTo(Math.sin(x[i]), within(2e-7));
        assertThat((double) actual[2 * i + 1]).isCloseTo(Math.cos(x[i]), within(2e-7));
      }
    }
  }

  private static void nibbles(String ptx) {
    int count = 50;
    int[] w = new Random(13).ints(count).toArray();
    float[] x = random(14, 8);
    float[] scale = random(15, count);
    try (Device device = new Device(ptx)) {
      long out = device.empty("out", 2L * count);
      device.launch(
          "check_nibbles",
          LaunchShape.of(2, 32),
          device.ints("w", w),
          device.halves("x", x),
          device.halves("scale", scale),
          out,
          count);
      float[] actual = device.halves(out, count);
      for (int i = 0; i < count; i++) {
        double sum = 0;
        double size = 0;
        for (int p = 0; p < 8; p++) {
          double product = ((w[i] >>> 4 * p & 15) - 8) * (double) half(x[p]);
          sum += product;
          size += Math.abs(product);
        }
        double factor = half(scale[i]);
        assertThat((double) actual[i])
            .isCloseTo(sum * factor, within(size * Math.abs(factor) / 500));
      }
    }
  }
}
