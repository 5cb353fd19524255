package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.TensorData;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.HalfFloats;
import io.millrace.engine.quant.RowDecoder;
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

  /** Whether the elements of the type can be read. */
  static boolean supports(GgmlType type) {
    return RowDecoder.supports(type);
  }

  /**
   * @throws IllegalArgumentException if the CPU cannot hold or multiply such a weight
   */
  static void check(String name, GgmlType type, int rows, int columns) {
    if (!supports(type)) {
      throw new IllegalArgumentException("tensor " + name + " is " + type + ", unknown to the CPU");
    }
    if (rows < 1 || columns < 1 || columns % type.blockElements() != 0) {
      throw new IllegalArgumentException(
          "tensor " + name + " is " + rows + " x " + columns + ", which " + type + " cannot hold");
    }
  }

  /** A row's elements, dequantised. */
  static void decodeRow(GgmlType type, byte[] row, int at, int columns, float[] out, int outAt) {
    RowDecoder.decode(type, row, at, columns, out, outAt);
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

  /** Element i of a row of plain numbers that starts at {@code at}. */
  static float element(GgmlType type, byte[] row, int at, int i) {
    return switch (type) {
      case F32 -> Float.intBitsToFloat((int) INT.get(row, at + 4 * i));
      case F16 -> HalfFloats.f16(shortAt(row, at + 2 * i));
      case BF16 -> HalfFloats.bf16(shortAt(row, at + 2 * i));
      default -> throw new IllegalArgumentException(type + " is not a type of plain numbers");
    };
  }

  static short shortAt(byte[] bytes, int at) {
    return (short) SHORT.get(bytes, at);
  }
}
