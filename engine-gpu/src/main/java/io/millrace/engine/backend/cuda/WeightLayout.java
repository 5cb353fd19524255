package io.millrace.engine.backend.cuda;

import io.millrace.engine.gguf.GgmlType;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * How a weight lies in device memory: {@code src/main/cuda/packed.cuh} seen from the host.
 *
 * <p>Packed layouts are made of tiles of 16 rows, in which a lane of a warp owns 8 consecutive
 * inputs of rows g and g + 8, as the A operand of mma.sync wants them; rows and columns are padded
 * with zeros. The others lie as in their file.
 */
enum WeightLayout {
  /** float32, row-major. */
  F32(1, 1, 4, 0),
  /** bfloat16, row-major. */
  BF16(1, 1, 2, 0),
  /** binary16 {@code [rows/16][K/32][2][8][32]}. */
  W16(16, 32, 2, 0),
  /** int8 {@code [rows/16][K/32][32 lanes][2 rows][8]} and binary16 scales of blocks of 32. */
  W8(16, 64, 1, 2),
  /** int4 {@code [rows/16][K/64][32 lanes][2 blocks][2 rows]} words of 8, and their scales. */
  W4(16, 64, 0.5, 2);

  /** Elements that share a scale. */
  static final int BLOCK = 32;

  private static final int Q8_0_BYTES = 34;
  private static final int Q4_0_BYTES = 18;

  private final int tileRows;
  private final int columnsMultiple;
  private final double elementBytes;
  private final int scaleBytes;

  WeightLayout(int tileRows, int columnsMultiple, double elementBytes, int scaleBytes) {
    this.tileRows = tileRows;
    this.columnsMultiple = columnsMultiple;
    this.elementBytes = elementBytes;
    this.scaleBytes = scaleBytes;
  }

  /** The layout of a type; empty where there are no kernels for it. */
  static Optional<WeightLayout> of(GgmlType type) {
    return switch (type) {
      case F32 -> Optional.of(F32);
      case BF16 -> Optional.of(BF16);
      case F16 -> Optional.of(W16);
      case Q8_0 -> Optional.of(W8);
      case Q4_0 -> Optional.of(W4);
      default -> Optional.empty();
    };
  }

  /** Rows that are packed together. */
  int tileRows() {
    return tileRows;
  }

  /** Whether the blocks have scales, in memory of their own. */
  boolean scaled() {
    return scaleBytes > 0;
  }

  int paddedColumns(int columns) {
    return (columns + columnsMultiple - 1) / columnsMultiple * columnsMultiple;
  }

  /** Bytes of a tile's elements. */
  int tileBytes(int columns) {
    return (int) (tileRows * paddedColumns(columns) * elementBytes);
  }

  /** Bytes of a tile's scales. */
  int tileScaleBytes(int columns) {
    return tileRows * (paddedColumns(columns) / BLOCK) * scaleBytes;
  }

  /**
   * Packs one tile of rows.
   *
   * @param file the rows as they lie in the file, from {@code at} on, little-endian
   * @param rows how many of them there are, at most a tile's
   * @param elements receives the elements from {@code elementsAt} on; must hold zeros there
   * @param scales receives the scales from {@code scalesAt} on, likewise; may be the same buffer
   */
  void pack(
      ByteBuffer file,
      int at,
      int rows,
      int columns,
      ByteBuffer elements,
      int elementsAt,
      ByteBuffer scales,
      int scalesAt) {
    switch (this) {
      case F32 -> elements.put(elementsAt, file, at, 4 * columns);
      case BF16 -> elements.put(elementsAt, file, at, 2 * columns);
      case W16 -> packHalves(file, at, rows, columns, elements, elementsAt);
      case W8 -> packBytes(file, at, rows, columns, elements, elementsAt, scales, scalesAt);
      case W4 -> packNibbles(file, at, rows, columns, elements, elementsAt, scales, scalesAt);
    }
  }

  private static void packHalves(
      ByteBuffer file, int at, int rows, int columns, ByteBuffer to, int toAt) {
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < columns; k += 32) {
        int index = (k / 32 * 2 + row / 8) * 256 + row % 8 * 32;
        int bytes = 2 * Math.min(32, columns - k);
        to.put(toAt + 2 * index, file, at + 2 * (row * columns + k), bytes);
      }
    }
  }

  private static void packBytes(
      ByteBuffer file,
      int at,
      int rows,
      int columns,
      ByteBuffer to,
      int toAt,
      ByteBuffer scales,
      int scalesAt) {
    int blocks = columns / BLOCK;
    for (int row = 0; row < rows; row++) {
      int upper = row / 8;
      for (int block = 0; block < blocks; block++) {
        int from = at + (row * blocks + block) * Q8_0_BYTES;
        scales.putShort(scalesAt + 2 * (block * 16 + row % 8 * 2 + upper), file.getShort(from));
        int word = toAt + block * 512 + row % 8 * 64 + upper * 8;
        for (int eight = 0; eight < 4; eight++) {
          to.putLong(word + eight * 16, file.getLong(from + 2 + 8 * eight));
        }
      }
    }
  }

  private static void packNibbles(
      ByteBuffer file,
      int at,
      int rows,
      int columns,
      ByteBuffer to,
      int toAt,
      ByteBuffer scales,
      int scalesAt) {
    int blocks = columns / BLOCK;
    for (int row = 0; row < rows; row++) {
      int upper = row / 8;
      for (int block = 0; block < blocks; block++) {
        int from = at + (row * blocks + block) * Q4_0_BYTES;
        int scale = block / 2 * 32 + row % 8 * 4 + block % 2 * 2 + upper;
        scales.putShort(scalesAt + 2 * scale, file.getShort(from));
        int word = toAt + 4 * (block / 2 * 128 + row % 8 * 16 + block % 2 * 2 + upper);
        int a = file.getInt(from + 2); // bytes 0 to 3: elements 0 to 3, and 16 to 19
        int b = file.getInt(from + 6);
        int c = file.getInt(from + 10);
        int d = file.getInt(from + 14);
        to.putInt(word, lower(a, b));
        to.putInt(word + 16, lower(c, d));
        to.putInt(word + 32, upper(a, b));
        to.putInt(word + 48, upper(c, d));
      }
    }
  }

  /** The lower nibbles of 8 bytes, those of the first 4 lowest, as two's complement of q - 8. */
  private static int lower(int first, int second) {
    return (first & 0x0f0f0f0f | (second & 0x0f0f0f0f) << 4) ^ 0x88888888;
  }

  /** The upper nibbles of 8 bytes. */
  private static int upper(int first, int second) {
    return (first >>> 4 & 0x0f0f0f0f | second & 0xf0f0f0f0) ^ 0x88888888;
  }
}
