package io.millrace.engine.quant;

import io.millrace.engine.gguf.GgmlType;
import java.util.Arrays;
import java.util.Optional;

/**
 * Elements of any type that can be read, as float32: plain floating-point numbers and all that
 * {@link BlockFormat} knows.
 */
public final class RowDecoder {
  private RowDecoder() {}

  /** Whether {@link #decode} knows the type. */
  public static boolean supports(GgmlType type) {
    return switch (type) {
      case F32, F16, BF16 -> true;
      default -> BlockFormat.of(type).isPresent();
    };
  }

  /**
   * Decodes consecutive elements of a row.
   *
   * @param data holds them from {@code at} on
   * @param columns elements, a whole number of the type's blocks
   * @param out receives them from {@code outAt} on
   * @throws IllegalArgumentException if the type is not supported
   */
  public static void decode(
      GgmlType type, byte[] data, int at, int columns, float[] out, int outAt) {
    switch (type) {
      case F32 -> {
        for (int i = 0; i < columns; i++) {
          out[outAt + i] = Float.intBitsToFloat(Bytes.intAt(data, at + 4 * i));
        }
      }
      case F16 -> {
        for (int i = 0; i < columns; i++) {
          out[outAt + i] = Bytes.f16At(data, at + 2 * i);
        }
      }
      case BF16 -> {
        for (int i = 0; i < columns; i++) {
          out[outAt + i] = HalfFloats.bf16(Bytes.shortAt(data, at + 2 * i));
        }
      }
      default -> {
        Optional<BlockFormat> format = BlockFormat.of(type);
        if (format.isEmpty()) {
          throw new IllegalArgumentException(
              "elements of type "
                  + type
                  + " cannot be read; those of these can: "
                  + Arrays.stream(GgmlType.values()).filter(RowDecoder::supports).toList());
        }
        new DecodedRow().dequantise(format.get(), data, at, columns, out, outAt);
      }
    }
  }
}
