package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFormatException;
import io.millrace.engine.safetensors.SafetensorsType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Floating-point numbers of a checkpoint, and binary16 in both directions. */
final class PlainNumbers {
  private PlainNumbers() {}

  /**
   * The type that GGUF has for a tensor's numbers.
   *
   * @throws GgufFormatException if it has none that is read here
   */
  static GgmlType type(Checkpoint.Stored stored) throws GgufFormatException {
    return switch (stored.tensor().type()) {
      case F32 -> GgmlType.F32;
      case F16 -> GgmlType.F16;
      case BF16 -> GgmlType.BF16;
      default -> throw stored.error("is " + stored.tensor().type() + ", which is not supported");
    };
  }

  /** All numbers of a tensor. */
  static float[] read(Checkpoint.Stored stored) throws IOException {
    type(stored);
    SafetensorsType type = stored.tensor().type();
    ByteBuffer bytes = ByteBuffer.wrap(stored.readAll()).order(ByteOrder.LITTLE_ENDIAN);
    float[] numbers = new float[bytes.capacity() / type.bytes()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] =
          switch (type) {
            case F32 -> bytes.getFloat();
            case F16 -> fromF16(bytes.getShort());
            default -> Float.intBitsToFloat(bytes.getShort() << 16);
          };
    }
    return numbers;
  }

  /** The value of a binary16. */
  static float fromF16(short bits) {
    int sign = (bits & 0x8000) << 16;
    int magnitude = bits & 0x7FFF;
    if (magnitude >= 0x7C00) { // infinite or no number
      return Float.intBitsToFloat(sign | 0x7F800000 | ((magnitude & 0x3FF) << 13));
    }
    // The exponent's bias differs by 112; subnormals come right by the multiplication.
    float value = Float.intBitsToFloat(magnitude << 13) * 0x1p112f;
    return Float.intBitsToFloat(sign | Float.floatToRawIntBits(value));
  }

  /** The nearest binary16, ties to even. */
  static short toF16(float value) {
    int sign = (Float.floatToRawIntBits(value) >>> 16) & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7E00);
    }
    if (magnitude >= 65_520) {
      return (short) (sign | 0x7C00);
    }
    if (magnitude < 0x1p-14f) { // a multiple of 2^-24
      return (short) (sign | (int) Math.rint((double) magnitude * 0x1p24));
    }
    int bits = Float.floatToRawIntBits(magnitude);
    int rounded = bits + 0xFFF + ((bits >> 13) & 1);
    return (short) (sign | ((rounded >> 13) - (112 << 10)));
  }
}
