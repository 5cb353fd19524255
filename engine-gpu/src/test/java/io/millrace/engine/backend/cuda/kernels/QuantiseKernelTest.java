package io.millrace.engine.backend.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.backend.cuda.kernels.KernelRun.Array;
import io.millrace.engine.quant.HalfFloats;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Activations rounded for the weights' types. */
class QuantiseKernelTest {
  private final Random random = new Random(3);

  @Test
  void int8IsThatOfTheProcessor() {
    int columns = 96;
    int padded = 128;
    float[] x = Near.floats(random, 3 * columns, 5);
    x[40] = 0.5f * 127; // halves go to even
    java.util.Arrays.fill(x, 64, 96, 0f); // a block of nothing
    x[columns] = 1e-42f; // too little to divide by
    try (KernelRun run = new KernelRun()) {
      Activations8 activations = Activations8.of(run, x, 3, columns, 8, padded);
      ByteBuffer quants = run.read(activations.quants());
      float[] scales = run.readFloats(activations.scales());
      int[] sums = run.readInts(activations.sums());
      for (int row = 0; row < 8; row++) {
        for (int block = 0; block < padded / 32; block++) {
          boolean there = row < 3 && block < columns / 32;
          int at = row * columns + block * 32;
          float max = 0;
          for (int i = 0; there && i < 32; i++) {
            max = Math.max(max, Math.abs(x[at + i]));
          }
          float scale = max / 127f;
          float inverse = scale < Float.MIN_NORMAL ? 0f : 1f / scale;
          int sum = 0;
          for (int i = 0; i < 32; i++) {
            int expected = there ? (int) Math.rint(x[at + i] * inverse) : 0;
            assertThat(quants.get(row * padded + block * 32 + i)).isEqualTo((byte) expected);
            sum += expected;
          }
          assertThat(scales[row * padded / 32 + block]).isEqualTo(scale);
          assertThat(sums[row * padded / 32 + block]).isEqualTo(sum);
        }
      }
    }
  }

  @Test
  void whatIsNotANumberIsNotLost() {
    float[] x = new float[64];
    x[3] = Float.NaN;
    x[40] = Float.NEGATIVE_INFINITY;
    try (KernelRun run = new KernelRun()) {
      float[] scales = run.readFloats(Activations8.of(run, x, 1, 64, 8, 64).scales());
      assertThat(scales).startsWith(Float.NaN, Float.POSITIVE_INFINITY);
    }
  }

  @Test
  void twoHalvesKeepTwentyTwoBits() {
    int columns = 70;
    int padded = 96;
    float[] x = Near.floats(random, 2 * columns, 1);
    for (int i = 0; i < columns; i++) {
      x[columns + i] *= (float) Math.pow(2, 100 - i % 20);
    }
    try (KernelRun run = new KernelRun()) {
      Array hi = run.empty(2 * 8 * padded);
      Array lo = run.empty(2 * 8 * padded);
      Array scales = run.empty(4 * 8);
      run.launch(
          "quantise",
          "quantise_split",
          8,
          1,
          1,
          256,
          run.floats(x),
          hi,
          lo,
          scales,
          2,
          columns,
          padded);
      ByteBuffer upper = run.read(hi);
      ByteBuffer lower = run.read(lo);
      float[] rowScales = run.readFloats(scales);
      for (int row = 0; row < 8; row++) {
        for (int k = 0; k < padded; k++) {
          double expected = row < 2 && k < columns ? x[row * columns + k] : 0;
          int at = 2 * (row * padded + k);
          double sum =
              HalfFloats.f16(upper.getShort(at)) + (double) HalfFloats.f16(lower.getShort(at));
          double ofGreatest = rowScales[row] * 0x1p-25; // what the smallest lose
          assertThat(rowScales[row] * sum)
              .isCloseTo(
                  expected,
                  org.assertj.core.api.Assertions.within(
                      Math.max(Math.abs(expected) * 0x1p-21, ofGreatest)));
        }
      }
    }
  }
}
