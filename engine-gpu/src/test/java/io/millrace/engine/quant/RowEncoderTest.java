package io.millrace.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.engine.gguf.GgmlType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What encoding loses, against what ggml's own loses: training/quant_rmse.py wrote it down. */
class RowEncoderTest {
  private static final int COLUMNS = 2048;

  static Stream<RowEncoder> quantising() {
    return Arrays.stream(GgmlType.values())
        .filter(GgmlType::quantized)
        .flatMap(type -> RowEncoder.of(type).stream());
  }

  @Test
  void roundsARowToBlocks() {
    RowEncoder encoder = RowEncoder.of(GgmlType.Q8_0).orElseThrow();
    float[] row = new float[64];
    row[3] = 127;
    row[4] = -63.5f;
    byte[] blocks = new byte[(int) GgmlType.Q8_0.bytes(64)];
    encoder.encode(row, 0, 64, blocks, 0);
    assertThat(blocks[1]).isEqualTo((byte) 0x3c); // the scale, binary16: 1
    assertThat(blocks[2 + 3]).isEqualTo((byte) 127);
    assertThat(blocks[2 + 4]).isEqualTo((byte) -64);
    assertThat(decoded(encoder, blocks, 64)[3]).isEqualTo(127f);
  }

  @ParameterizedTest
  @MethodSource("goldenErrors")
  void losesNoMoreThanGgml(GgmlType type, int row, double ggmlRmse) throws IOException {
    float[] rows = resourceFloats("/quant/rows.bin");
    float[] x = Arrays.copyOfRange(rows, row * COLUMNS, (row + 1) * COLUMNS);
    float[] y = roundTrip(RowEncoder.of(type).orElseThrow(), x);
    double squares = 0;
    for (int i = 0; i < COLUMNS; i++) {
      squares += ((double) x[i] - y[i]) * ((double) x[i] - y[i]);
    }
    assertThat(Math.sqrt(squares / COLUMNS)).isLessThan(1.03 * ggmlRmse);
  }

  static Stream<Object[]> goldenErrors() throws IOException {
    try (InputStream in = RowEncoderTest.class.getResourceAsStream("/quant/rmse.csv")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .map(line -> line.split(","))
              .map(
                  f ->
                      new Object[] {
                        GgmlType.valueOf(f[0]), Integer.parseInt(f[1]), Double.parseDouble(f[2])
                      })
              .toList()
              .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("quantising")
  void zerosStayZeros(RowEncoder encoder) {
    for (float element : roundTrip(encoder, new float[256])) {
      assertThat(element + 0f).isZero(); // -0 will do
    }
  }

  @ParameterizedTest
  @MethodSource("quantising")
  void oddRowsStayFiniteAndNear(RowEncoder encoder) {
    Random random = new Random(9);
    for (float size : new float[] {1e-38f, 1e-20f, 1e-6f, 1f, 1e3f}) {
      for (int kind = 0; kind < 4; kind++) {
        float[] x = new float[256];
        for (int i = 0; i < x.length; i++) {
          x[i] =
              size
                  * switch (kind) {
                    case 0 -> (float) random.nextGaussian();
                    case 1 -> -random.nextFloat(); // one sign only
                    case 2 -> 1f; // one number only
                    default -> i == 77 ? 1f : 0f; // one element only
                  };
        }
        float[] y = roundTrip(encoder, x);
        for (int i = 0; i < x.length; i++) {
          assertThat(y[i]).isFinite();
          assertThat(Math.abs(y[i] - x[i]))
              .isLessThanOrEqualTo(size * 3f + 2e-4f); // binary16's least
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TQ1_0", "TQ2_0"})
  void ternaryWeightsComeThroughExactly(GgmlType type) {
    Random random = new Random(10);
    float[] x = new float[512];
    for (int i = 0; i < x.length; i++) {
      x[i] = (random.nextInt(3) - 1) * 0.75f;
    }
    assertThat(roundTrip(RowEncoder.of(type).orElseThrow(), x)).containsExactly(x);
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void plainNumbersAreWritten(GgmlType type) {
    float[] x = {0f, -1.5f, 0.25f, 1024f};
    byte[] out = new byte[(int) type.bytes(4) + 3];
    RowEncoder.of(type).orElseThrow().encode(x, 1, 3, out, 3);
    int size = type.blockBytes();
    for (int i = 1; i < 4; i++) {
      int at = 3 + (i - 1) * size;
      float read =
          switch (type) {
            case F32 -> Float.intBitsToFloat(Bytes.intAt(out, at));
            case F16 -> HalfFloats.f16(Bytes.shortAt(out, at));
            default -> HalfFloats.bf16(Bytes.shortAt(out, at));
          };
      assertThat(read).isEqualTo(x[i]);
    }
  }

  @Test
  void typesThatAreOnlyReadHaveNoEncoder() {
    assertThat(RowEncoder.of(GgmlType.IQ4_XS)).isEmpty();
  }

  private static float[] roundTrip(RowEncoder encoder, float[] x) {
    byte[] blocks = new byte[(int) encoder.type().bytes(x.length)];
    encoder.encode(x, 0, x.length, blocks, 0);
    return decoded(encoder, blocks, x.length);
  }

  private static float[] decoded(RowEncoder encoder, byte[] blocks, int columns) {
    float[] y = new float[columns];
    BlockFormat format = BlockFormat.of(encoder.type()).orElseThrow();
    new DecodedRow().dequantise(format, blocks, 0, columns, y, 0);
    return y;
  }

  private static float[] resourceFloats(String name) throws IOException {
    try (InputStream in = RowEncoderTest.class.getResourceAsStream(name)) {
      ByteBuffer bytes = ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
      float[] floats = new float[bytes.remaining() / 4];
      bytes.asFloatBuffer().get(floats);
      return floats;
    }
  }
}
