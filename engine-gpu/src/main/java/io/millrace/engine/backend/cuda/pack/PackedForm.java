package io.millrace.engine.backend.cuda.pack;

import io.millrace.engine.gguf.GgmlType;

/**
 * The forms in which weights lie in device memory. Each is what one gemm kernel of {@code
 * src/main/cuda} reads; {@code packed.cuh} says where an element is.
 */
public enum PackedForm {
  /** float32, row by row as in the file. */
  F32("f32", 1),
  /** bfloat16, row by row as in the file. */
  BF16("bf16", 1),
  /** binary16 in tiles. */
  W16("w16", 32),
  /** Q8_0: int8, and a binary16 scale for each 32. */
  W8("w8", 64),
  /** Q4_0: four bits, and a binary16 scale for each 32. */
  W4("w4", 64),
  /** Q4_K: four bits, scale and minimum of six bits for each 32, two binary16 for each 256. */
  W4K("w4k", 256),
  /** TQ2_0: two bits, and a binary16 scale for each 256. */
  W2("w2", 256),
  /** Any other quantised type: int8, and a float32 scale and minimum for each 16 or 32. */
  ANY("any", 64);

  private final String suffix;
  private final int columnsMultiple;

  PackedForm(String suffix, int columnsMultiple) {
    this.suffix = suffix;
    this.columnsMultiple = columnsMultiple;
  }

  /** The form of a type's weights. */
  public static PackedForm of(GgmlType type) {
    return switch (type) {
      case F32 -> F32;
      case BF16 -> BF16;
      case F16 -> W16;
      case Q8_0 -> W8;
      case Q4_0 -> W4;
      case Q4_K -> W4K;
      case TQ2_0 -> W2;
      default -> ANY;
    };
  }

  /** How the names of its kernels end: {@code gemm_w4}, {@code embed_w4}. */
  public String suffix() {
    return suffix;
  }

  /** Columns as the kernels want them: up to a multiple, the rest 0. */
  public int paddedColumns(int columns) {
    return (columns + columnsMultiple - 1) / columnsMultiple * columnsMultiple;
  }

  /** Whether rows lie as in the file, without tiles of 16. */
  public boolean isPlain() {
    return this == F32 || this == BF16;
  }

  /** Whether its gemm takes activations as int8, and not as float32 or pairs of binary16. */
  public boolean isQuantised() {
    return !isPlain() && this != W16;
  }
}
