package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.TensorData;
import io.millrace.engine.gguf.GgmlType;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The weight types the CPU computes with, and how their elements lie in a file. */
final class CpuWeights {

  /** Most elements of a Java array on every JVM. */
  static final int ELEMENTS_MAX = Integer.MAX_VALUE - 8;

  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private CpuWeights() {}

  static boolean supports(GgmlType type) {
    return switch (type) {
      case F32, F16, BF16, Q8_0, Q4_0 -> true;
      default -> false;
    };
  }

  /**
   * @throws IllegalArgumentException if the CPU cannot hold or multiply such a weight
   */
  static void check(String name, GgmlType type, int rows, int columns) {
    if (!supports(type)) {
      throw new IllegalArgumentException(
          "tensor " + name + " is " + type + "; the CPU computes with F32, F16, BF16, Q8_0, Q4_0");
    }
    if (rows < 1 || columns < 1 || columns % type.blockElements() != 0) {
      throw new IllegalArgumentException(
          "tensor " + name + " is " + rows + " x " + columns + ", which " + type + " cannot hold");
    }
  }

  /** A row's elements, dequantised. */
  static void decodeRow(GgmlType type, byte[] row, int at, int columns, float[] out, int outAt) {
    for (int i = 0; i < columns; i++) {
      out[outAt + i] = element(type, row, at, i);
    }
  }

  /** A vector of a model (one row of any type), as float32 with zeros up to the stride. */
  static FloatTensor vector(GgmlType type, int columns, int stride, TensorData data)
      throws IOException {
    byte[] bytes = new byte[Math.toIntExact(type.bytes(columns))];
    data.read(0, bytes, bytes.length);
    FloatTensor vector = new FloatTensor(1, columns, stride);
    decodeRow(type, bytes, 0, columns, vector.write(), 0);
    return vector;
  }

  /** Element i of a row that starts at {@code at}. */
  static float element(GgmlType type, byte[] row, int at, int i) {
    return switch (type) {
      case F32 -> Float.intBitsToFloat((int) INT.get(row, at + 4 * i));
      case F16 -> HalfFloats.f16(shortAt(row, at + 2 * i));
      case BF16 -> HalfFloats.bf16(shortAt(row, at + 2 * i));
      case Q8_0, Q4_0 -> scale(type, row, at, i / 32) * quant(type, row, at, i);
      default -> throw new IllegalArgumentException(type + " is not a type the CPU computes with");
    };
  }

  /** The scale of block {@code block} of a row of Q8_0 or Q4_0. */
  static float scale(GgmlType type, byte[] row, int at, int block) {
    return HalfFloats.f16(shortAt(row, at + block * type.blockBytes()));
  }

  /** The integer of element i of a row of Q8_0 (-128 to 127) or Q4_0 (-8 to 7). */
  static int quant(GgmlType type, byte[] row, int at, int i) {
    int quants = at + i / 32 * type.blockBytes() + 2;
    int inBlock = i % 32;
    if (type == GgmlType.Q8_0) {
      return row[quants + inBlock];
    }
    int pair = row[quants + inBlock % 16]; // elements j and j + 16 share a byte, j lower
    return (inBlock < 16 ? pair & 15 : pair >> 4 & 15) - 8;
  }

  static short shortAt(byte[] bytes, int at) {
    return (short) SHORT.get(bytes, at);
  }
}
