package io.millrace.engine.quant;

import io.millrace.engine.gguf.GgmlType;
import java.util.EnumMap;
import java.util.Map;

/** The one table of all encoders. */
final class RowEncoders {

  /** Encodes one block. */
  @FunctionalInterface
  interface BlockEncoder {
    void encode(float[] x, int at, byte[] out, int outAt);
  }

  private record BlockwiseEncoder(GgmlType type, BlockEncoder block) implements RowEncoder {
    @Override
    public void encode(float[] x, int at, int columns, byte[] out, int outAt) {
      int elements = type.blockElements();
      int blocks = (int) (type.bytes(columns) / type.blockBytes());
      for (int i = 0; i < blocks; i++) {
        block.encode(x, at + i * elements, out, outAt + i * type.blockBytes());
      }
    }
  }

  private static final Map<GgmlType, RowEncoder> BY_TYPE = new EnumMap<>(GgmlType.class);

  static {
    put(GgmlType.F32, (x, at, out, to) -> Bytes.putInt(out, to, Float.floatToRawIntBits(x[at])));
    put(GgmlType.F16, (x, at, out, to) -> Bytes.putShort(out, to, HalfFloats.toF16(x[at])));
    put(GgmlType.BF16, (x, at, out, to) -> Bytes.putShort(out, to, HalfFloats.toBf16(x[at])));
    put(GgmlType.Q4_0, SimpleEncoders::q40);
    put(GgmlType.Q4_1, SimpleEncoders::q41);
    put(GgmlType.Q5_0, SimpleEncoders::q50);
    put(GgmlType.Q5_1, SimpleEncoders::q51);
    put(GgmlType.Q8_0, SimpleEncoders::q80);
    put(GgmlType.Q2_K, KEncoders::q2);
    put(GgmlType.Q3_K, KEncoders::q3);
    put(GgmlType.Q4_K, KEncoders::q4);
    put(GgmlType.Q5_K, KEncoders::q5);
    put(GgmlType.Q6_K, KEncoders::q6);
    put(GgmlType.MXFP4, TableEncoders::mxfp4);
    put(GgmlType.TQ1_0, TernaryEncoders::tq1);
    put(GgmlType.TQ2_0, TernaryEncoders::tq2);
  }

  private RowEncoders() {}

  /** The type's encoder, or null. */
  static RowEncoder of(GgmlType type) {
    return BY_TYPE.get(type);
  }

  private static void put(GgmlType type, BlockEncoder block) {
    BY_TYPE.put(type, new BlockwiseEncoder(type, block));
  }
}
