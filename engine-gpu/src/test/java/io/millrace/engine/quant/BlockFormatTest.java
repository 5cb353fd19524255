package io.millrace.engine.quant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.engine.gguf.GgmlType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What blocks mean, against ggml's own reading of them: training/quant_golden.py wrote it down. */
class BlockFormatTest {

  static Stream<BlockFormat> formats() {
    return Arrays.stream(GgmlType.values()).flatMap(type -> BlockFormat.of(type).stream());
  }

  @Test
  void aBlockIsIntegersTimesAScale() {
    byte[] block = new byte[GgmlType.Q4_0.blockBytes()];
    block[1] = 0x40; // the scale, binary16: 2
    block[2] = (byte) 0x90; // element 0 is 0 - 8, element 16 is 9 - 8
    BlockFormat format = BlockFormat.of(GgmlType.Q4_0).orElseThrow();
    byte[] quants = new byte[32];
    float[] scales = new float[1];
    format.decode(block, 0, 32, quants, scales, new float[0]);
    assertThat(scales).containsExactly(2f);
    assertThat(quants[0]).isEqualTo((byte) -8);
    assertThat(quants[16]).isEqualTo((byte) 1);

    float[] elements = new float[33];
    new DecodedRow().dequantise(format, block, 0, 32, elements, 1);
    assertThat(elements[0]).isZero();
    assertThat(elements[1]).isEqualTo(-16f);
    assertThat(elements[17]).isEqualTo(2f);
  }

  @Test
  void everyTypeThatModelsComeInIsThere() {
    assertThat(formats().map(BlockFormat::type))
        .contains(GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q4_1, GgmlType.Q5_0, GgmlType.Q5_1)
        .contains(GgmlType.Q2_K, GgmlType.Q3_K, GgmlType.Q4_K, GgmlType.Q5_K, GgmlType.Q6_K)
        .contains(GgmlType.TQ1_0, GgmlType.TQ2_0, GgmlType.MXFP4)
        .contains(GgmlType.IQ4_NL, GgmlType.IQ4_XS);
    assertThat(BlockFormat.of(GgmlType.F16)).isEmpty();
    assertThat(BlockFormat.of(GgmlType.IQ1_S)).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void dequantisesAsGgmlDoes(BlockFormat format) throws IOException {
    ByteBuffer golden = golden(format.type());
    int elements = golden.getInt();
    byte[] data = new byte[golden.getInt()];
    golden.get(data);
    assertThat(data).hasSize((int) format.type().bytes(elements));
    float[] actual = new float[elements];
    new DecodedRow().dequantise(format, data, 0, elements, actual, 0);
    for (int i = 0; i < elements; i++) {
      Float expected = golden.getFloat() + 0f; // -0 becomes 0; boxed, so that NaN equals NaN
      assertThat((Float) (actual[i] + 0f)).as("element %d", i).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void anyBytesDecodeWithinTheBounds(BlockFormat format) {
    int columns = 4 * format.type().blockElements();
    byte[] data = new byte[3 + (int) format.type().bytes(columns)];
    byte[] quants = new byte[columns];
    float[] scales = new float[columns / format.subBlock()];
    float[] mins = new float[format.hasMin() ? scales.length : 0];
    Random random = new Random(5);
    boolean[] seen = new boolean[256];
    for (int round = 0; round < 300; round++) {
      random.nextBytes(data);
      format.decode(data, 3, columns, quants, scales, mins);
      for (byte quant : quants) {
        assertThat((int) quant).isBetween(format.qMin(), format.qMax());
        seen[quant + 128] = true;
      }
    }
    assertThat(seen[format.qMin() + 128]).isTrue();
    assertThat(seen[format.qMax() + 128]).isTrue();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void equalBytesOfAllValuesDecode(BlockFormat format) {
    int columns = format.type().blockElements();
    byte[] data = new byte[format.type().blockBytes()];
    float[] elements = new float[columns];
    DecodedRow row = new DecodedRow();
    for (int value = 0; value < 256; value++) {
      Arrays.fill(data, (byte) value);
      row.dequantise(format, data, 0, columns, elements, 0);
      boolean finite =
          format.type() == GgmlType.MXFP4 ? value < 253 : (value & 0x7c) != 0x7c; // the scale
      for (float element : elements) {
        if (finite) {
          assertThat(element).isFinite();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void rowsDecodeAsTheirBlocksDo(BlockFormat format) {
    int columns = format.type().blockElements();
    byte[] data = new byte[3 * format.type().blockBytes()];
    new Random(6).nextBytes(data);
    DecodedRow whole = new DecodedRow();
    whole.decode(format, data, 0, 3 * columns);
    DecodedRow third = new DecodedRow();
    third.decode(format, data, 2 * format.type().blockBytes(), columns);
    assertThat(Arrays.copyOfRange(whole.quants(), 2 * columns, 3 * columns))
        .isEqualTo(Arrays.copyOf(third.quants(), columns));
    int perBlock = columns / format.subBlock();
    assertThat(Arrays.copyOfRange(whole.scales(), 2 * perBlock, 3 * perBlock))
        .isEqualTo(Arrays.copyOf(third.scales(), perBlock));
  }

  @Test
  void partsOfBlocksAreRefused() {
    BlockFormat format = BlockFormat.of(GgmlType.Q4_K).orElseThrow();
    assertThatThrownBy(() -> new DecodedRow().decode(format, new byte[144], 0, 128))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("whole blocks of 256");
  }

  private static ByteBuffer golden(GgmlType type) throws IOException {
    try (InputStream in = BlockFormatTest.class.getResourceAsStream("/quant/" + type + ".bin")) {
      return ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
    }
  }
}
