package io.millrace.engine.backend.cuda.pack;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.BlockFormat;
import io.millrace.engine.quant.DecodedRow;
import io.millrace.engine.quant.HalfFloats;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Packs a weight for the device, 16 rows at a time, so that it can be streamed there. A packed
 * weight is one to three arrays, each the tiles' parts one after another: {@code [tiles]
 * [partBytes(part)]}. Rows that a last tile lacks, and columns beyond the weight's, are 0.
 *
 * <p>Belongs to one thread.
 */
public final class TilePacker {
  /** Rows of a tile. */
  public static final int ROWS = 16;

  private final PackedForm form;
  private final BlockFormat format; // null for binary16
  private final int columns;
  private final int padded;
  private final int rowBytes;
  private final DecodedRow decoded = new DecodedRow();

  /**
   * @param type of a form that is not plain
   * @param columns a whole number of the type's blocks
   */
  public TilePacker(GgmlType type, int columns) {
    form = PackedForm.of(type);
    if (form.isPlain()) {
      throw new IllegalArgumentException(type + " lies on the device as it does in the file");
    }
    format = form == PackedForm.W16 ? null : BlockFormat.of(type).orElseThrow();
    this.columns = columns;
    padded = form.paddedColumns(columns);
    rowBytes = Math.toIntExact(type.bytes(columns));
  }

  /** Arrays: elements, then scales, then minima if the type has them. */
  public int parts() {
    return switch (form) {
      case W16 -> 1;
      case W8, W4, W2 -> 2;
      case W4K -> 3;
      default -> format.hasMin() ? 3 : 2;
    };
  }

  /** Bytes of a tile in an array. */
  public int partBytes(int part) {
    int elements = ROWS * padded;
    return switch (form) {
      case W16 -> 2 * elements;
      case W8 -> part == 0 ? elements : elements / 16;
      case W4 -> part == 0 ? elements / 2 : elements / 16;
      case W4K -> part == 0 ? elements / 2 : part == 1 ? elements / 16 : elements / 64;
      case W2 -> part == 0 ? elements / 4 : elements / 128;
      default -> part == 0 ? elements : 4 * elements / format.subBlock();
    };
  }

  /**
   * Packs a tile.
   *
   * @param rows the tile's rows as they lie in the file
   * @param count how many: 16, or fewer in the last tile
   * @param to for each array, where the tile begins; {@link #partBytes} are written
   */
  public void pack(byte[] rows, int count, ByteBuffer[] to) {
    for (int part = 0; part < parts(); part++) {
      to[part].order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < partBytes(part); i += 4) { // whole words in every form
        to[part].putInt(to[part].position() + i, 0);
      }
    }
    for (int row = 0; row < count; row++) {
      int at = row * rowBytes;
      if (form == PackedForm.W16) {
        half(rows, at, row, to[0]);
        continue;
      }
      decoded.decode(format, rows, at, columns);
      for (int k = 0; k < columns; k++) {
        element(row, k, decoded.quants()[k], to[0]);
      }
      switch (form) {
        case W4K -> superBlocks(rows, at, row, to[1], to[2]);
        case W2 -> scales(256, row, to[1]);
        case W8 -> scales(32, row, to[1]);
        case W4 -> scalesOfPairs(row, to[1]);
        default -> floats(row, to);
      }
    }
  }

  private void half(byte[] rows, int at, int row, ByteBuffer to) {
    for (int k = 0; k < columns; k++) {
      int index = (k / 32 * 2 + row / 8) * 256 + row % 8 * 32 + k % 32;
      to.put(to.position() + 2 * index, rows[at + 2 * k]);
      to.put(to.position() + 2 * index + 1, rows[at + 2 * k + 1]);
    }
  }

  private void element(int row, int k, int quant, ByteBuffer to) {
    int lane = row % 8 * 4 + k % 32 / 8;
    switch (form) {
      case W4, W4K -> {
        int word = k / 64 * 128 + lane * 4 + k / 32 % 2 * 2 + row / 8;
        or(to, word, (quant & 15) << (k % 4 * 8 + k % 8 / 4 * 4));
      }
      case W2 -> {
        int word = k / 128 * 128 + lane * 4 + k / 64 % 2 * 2 + row / 8;
        or(to, word, (quant + 1) << (k % 4 * 8 + k / 32 % 2 * 4 + k % 8 / 4 * 2));
      }
      default ->
          to.put(to.position() + k / 32 * 512 + lane * 16 + row / 8 * 8 + k % 8, (byte) quant);
    }
  }

  private static void or(ByteBuffer to, int word, int bits) {
    int at = to.position() + 4 * word;
    to.putInt(at, to.getInt(at) | bits);
  }

  /** Scales are binary16 in the file, so that this loses nothing. */
  private short scale(int k) {
    return HalfFloats.toF16(decoded.scales()[k / format.subBlock()]);
  }

  private void scales(int span, int row, ByteBuffer to) {
    for (int k = 0; k < columns; k += span) {
      to.putShort(to.position() + 2 * place(k, span, row), scale(k));
    }
  }

  private void scalesOfPairs(int row, ByteBuffer to) {
    for (int k = 0; k < columns; k += 32) {
      int index = k / 64 * 32 + row % 8 * 4 + k / 32 % 2 * 2 + row / 8;
      to.putShort(to.position() + 2 * index, scale(k));
    }
  }

  /** Where a row's scale of a span of columns lies in its tile. */
  private static int place(int k, int span, int row) {
    return k / span * 16 + row % 8 * 2 + row / 8;
  }

  private void floats(int row, ByteBuffer[] to) {
    int sub = format.subBlock();
    for (int k = 0; k < columns; k += sub) {
      int index = place(k, sub, row);
      to[1].putFloat(to[1].position() + 4 * index, decoded.scales()[k / sub]);
      if (format.hasMin()) {
        to[2].putFloat(to[2].position() + 4 * index, decoded.mins()[k / sub]);
      }
    }
  }

  /** Q4_K's own scales and minima: {@code d, dmin, scales and minima[12]} (see KBlocks). */
  private void superBlocks(byte[] rows, int at, int row, ByteBuffer small, ByteBuffer large) {
    int block = GgmlType.Q4_K.blockBytes();
    for (int k = 0; k < columns; k += 256) {
      int from = at + k / 256 * block;
      for (int i = 0; i < 4; i++) { // d and dmin, two bytes each
        large.put(large.position() + 4 * place(k, 256, row) + i, rows[from + i]);
      }
      for (int i = 0; i < 8; i++) {
        int packed = from + 4;
        int first = rows[packed + i % 4];
        int second = rows[packed + 4 + i % 4];
        int rest = rows[packed + 8 + i % 4];
        int scale = i < 4 ? first & 63 : (rest & 15) | (first >> 6 & 3) << 4;
        int minimum = i < 4 ? second & 63 : (rest >> 4 & 15) | (second >> 6 & 3) << 4;
        int to = small.position() + 4 * place(k + 32 * i, 64, row) + i % 2 * 2;
        small.put(to, (byte) scale);
        small.put(to + 1, (byte) minimum);
      }
    }
  }
}
