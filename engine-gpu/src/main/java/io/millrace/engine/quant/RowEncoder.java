package io.millrace.engine.quant;

import io.millrace.engine.gguf.GgmlType;
import java.util.Optional;

/**
 * Rounds rows of float32 to a type of GGUF files. Encoders have no state and can be used by any
 * thread.
 *
 * <p>The scales are found as ggml finds them where that is a formula; the K types search for the
 * scales and minima with the least weighted squared error, in the manner of ggml's search.
 */
public interface RowEncoder {

  /** The encoder of a type; empty for types that are only read here. */
  static Optional<RowEncoder> of(GgmlType type) {
    return Optional.ofNullable(RowEncoders.of(type));
  }

  /** The type that is written. */
  GgmlType type();

  /**
   * Encodes consecutive elements of a row.
   *
   * @param x finite numbers, from {@code at} on
   * @param columns elements, a whole number of the type's blocks
   * @param out receives {@code type().bytes(columns)} bytes from {@code outAt} on
   */
  void encode(float[] x, int at, int columns, byte[] out, int outAt);
}
