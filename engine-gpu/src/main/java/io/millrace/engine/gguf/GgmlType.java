package io.millrace.engine.gguf;

import java.util.Optional;

/**
 * How a tensor's numbers are stored. Quantised types pack {@link #blockElements} consecutive
 * elements of a row into {@link #blockBytes} bytes.
 *
 * <p>All types that GGUF files can hold are here, so that any file can be listed. Which of them the
 * engine computes with is up to its backends.
 *
 * <p>Source: ggml's {@code enum ggml_type} and {@code ggml-common.h}.
 */
public enum GgmlType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q8_1(9, 32, 36),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  Q8_K(15, 256, 292),
  IQ2_XXS(16, 256, 66),
  IQ2_XS(17, 256, 74),
  IQ3_XXS(18, 256, 98),
  IQ1_S(19, 256, 50),
  IQ4_NL(20, 32, 18),
  IQ3_S(21, 256, 110),
  IQ2_S(22, 256, 82),
  IQ4_XS(23, 256, 136),
  I8(24, 1, 1),
  I16(25, 1, 2),
  I32(26, 1, 4),
  I64(27, 1, 8),
  F64(28, 1, 8),
  IQ1_M(29, 256, 56),
  BF16(30, 1, 2),
  TQ1_0(34, 256, 54),
  TQ2_0(35, 256, 66),
  MXFP4(39, 32, 17),
  NVFP4(40, 64, 36),
  Q1_0(41, 128, 18);

  private static final GgmlType[] BY_ID = new GgmlType[64];

  static {
    for (GgmlType type : values()) {
      BY_ID[type.id] = type;
    }
  }

  private final int id;
  private final int blockElements;
  private final int blockBytes;

  GgmlType(int id, int blockElements, int blockBytes) {
    this.id = id;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  /** The type with this number in GGUF files; empty for unknown numbers and for retired ones. */
  public static Optional<GgmlType> byId(int id) {
    return id < 0 || id >= BY_ID.length ? Optional.empty() : Optional.ofNullable(BY_ID[id]);
  }

  /** The type's number in GGUF files. */
  public int id() {
    return id;
  }

  /** Elements in one block; 1 for plain numbers. */
  public int blockElements() {
    return blockElements;
  }

  /** Bytes of one block. */
  public int blockBytes() {
    return blockBytes;
  }

  /** Whether several elements share a block. */
  public boolean quantized() {
    return blockElements > 1;
  }

  /**
   * Bytes of so many consecutive elements of a row.
   *
   * @throws IllegalArgumentException if the elements are not a whole number of blocks
   * @throws ArithmeticException if the result exceeds a long
   */
  public long bytes(long elements) {
    if (elements < 0 || elements % blockElements != 0) {
      throw new IllegalArgumentException(
          elements + " elements are not whole blocks of " + blockElements + " of type " + this);
    }
    return Math.multiplyExact(elements / blockElements, (long) blockBytes);
  }
}
