package io.millrace.engine.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.millrace.engine.backend.Backend;
import io.millrace.engine.backend.Tensor;
import io.millrace.engine.backend.TensorData;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.model.ForwardBatch;
import io.millrace.engine.quant.BlockFormat;
import io.millrace.engine.quant.DecodedRow;
import io.millrace.engine.quant.RandomBlocks;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The oracle's products of every quantised type against sums in double precision. */
class ScalarWeightTest {
  private static final int OUTPUTS = 70;
  private static final int ROWS = 3;

  static Stream<BlockFormat> formats() {
    return Arrays.stream(GgmlType.values()).flatMap(type -> BlockFormat.of(type).stream());
  }

  @ParameterizedTest
  @MethodSource("formats")
  void multipliesRoundedActivations(BlockFormat format) throws IOException {
    int inputs = format.type().blockElements() * 2;
    Random random = new Random(3);
    byte[] data = RandomBlocks.of(format.type(), OUTPUTS * 2, random);
    float[] x = new float[ROWS * inputs];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    try (Backend backend = new ScalarBackend(2)) {
      assertThat(backend.supports(format.type())).isTrue();
      Tensor weight = backend.weight("w", format.type(), OUTPUTS, inputs, reading(data));
      Tensor in = backend.activations(ROWS, inputs);
      System.arraycopy(x, 0, FloatTensor.of(in).write(), 0, x.length);
      Tensor out = backend.activations(ROWS, OUTPUTS);
      backend.matmul(ROWS, weight, in, out);

      float[] w = new float[OUTPUTS * inputs];
      new DecodedRow().dequantise(format, data, 0, w.length, w, 0);
      float[] actual = FloatTensor.of(out).read();
      for (int row = 0; row < ROWS; row++) {
        double[] rounded = rounded(x, row * inputs, inputs);
        for (int o = 0; o < OUTPUTS; o++) {
          double sum = 0;
          double magnitude = 0;
          for (int i = 0; i < inputs; i++) {
            double product = (double) w[o * inputs + i] * rounded[i];
            sum += product;
            magnitude += Math.abs(product);
          }
          assertThat((double) actual[row * OUTPUTS + o]).isCloseTo(sum, within(1e-6 * magnitude));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void embedsADequantisedRow(BlockFormat format) throws IOException {
    int columns = format.type().blockElements();
    byte[] data = RandomBlocks.of(format.type(), 5, new Random(4));
    float[] all = new float[5 * columns];
    new DecodedRow().dequantise(format, data, 0, all.length, all, 0);
    try (Backend backend = new ScalarBackend(1)) {
      Tensor table = backend.weight("w", format.type(), 5, columns, reading(data));
      Tensor out = backend.activations(1, columns);
      backend.begin(
          new ForwardBatch(
              new int[] {3},
              new int[] {0},
              new int[] {0},
              new int[] {0, 1},
              new int[][] {{0}},
              new int[] {0}));
      backend.embed(table, out);
      assertThat(FloatTensor.of(out).read())
          .isEqualTo(Arrays.copyOfRange(all, 3 * columns, 4 * columns));

      Tensor vector = backend.weight("v", format.type(), 1, columns, reading(data));
      assertThat(FloatTensor.of(vector).read()).isEqualTo(Arrays.copyOf(all, columns));
    }
  }

  @Test
  void typesThatNobodyDecodesAreRefused() {
    try (Backend backend = new ScalarBackend(1)) {
      assertThat(backend.supports(GgmlType.IQ1_S)).isFalse();
      assertThatThrownBy(() -> backend.weight("w", GgmlType.IQ1_S, 1, 256, reading(new byte[50])))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("IQ1_S");
      assertThatThrownBy(() -> backend.weight("w", GgmlType.Q4_K, 2, 128, reading(new byte[144])))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("2 x 128");
    }
  }

  private static TensorData reading(byte[] data) {
    return (offset, into, length) ->
        System.arraycopy(data, Math.toIntExact(offset), into, 0, length);
  }

  /** Activations as int8 times scale: what a product with a quantised weight sees of them. */
  private static double[] rounded(float[] x, int at, int columns) {
    double[] rounded = new double[columns];
    byte[] quants = new byte[Int8Blocks.BLOCK];
    for (int i = 0; i < columns; i += Int8Blocks.BLOCK) {
      float scale = Int8Blocks.quantise(x, at + i, quants, 0);
      for (int j = 0; j < Int8Blocks.BLOCK; j++) {
        rounded[i + j] = (double) scale * quants[j];
      }
    }
    return rounded;
  }
}
