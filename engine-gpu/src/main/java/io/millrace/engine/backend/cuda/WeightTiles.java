package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.cuda.pack.PackedForm;
import io.millrace.engine.backend.cuda.pack.TilePacker;
import io.millrace.engine.gguf.GgmlType;
import java.nio.ByteBuffer;

/** How a matrix's rows become the parts of tiles, which lie on the device one after another. */
interface WeightTiles {
  /** Rows of a tile. */
  int rows();

  int parts();

  int partBytes(int part);

  /**
   * @param file rows from {@code at} on
   * @param count how many, at most a tile's
   * @param to for each part where the tile begins
   */
  void pack(ByteBuffer file, int at, int count, ByteBuffer[] to);

  /** How a type's kernels want it. */
  static WeightTiles of(GgmlType type, int columns) {
    PackedForm form = PackedForm.of(type);
    return form.isPlain() ? new Plain(type, columns) : new Packed(type, form, columns);
  }

  /** As in the file, row by row. */
  record Plain(GgmlType type, int columns) implements WeightTiles {
    @Override
    public int rows() {
      return 1;
    }

    @Override
    public int parts() {
      return 1;
    }

    @Override
    public int partBytes(int part) {
      return Math.toIntExact(type.bytes(columns));
    }

    @Override
    public void pack(ByteBuffer file, int at, int count, ByteBuffer[] to) {
      to[0].put(to[0].position(), file, at, partBytes(0));
    }
  }

  final class Packed implements WeightTiles {
    private final PackedForm form;
    private final TilePacker packer;
    private final int columns;
    private final int rowBytes;
    private final byte[] tile;

    Packed(GgmlType type, PackedForm form, int columns) {
      this.form = form;
      this.columns = columns;
      packer = new TilePacker(type, columns);
      rowBytes = Math.toIntExact(type.bytes(columns));
      tile = new byte[TilePacker.ROWS * rowBytes];
    }

    @Override
    public int rows() {
      return TilePacker.ROWS;
    }

    @Override
    public int parts() {
      return packer.parts();
    }

    @Override
    public int partBytes(int part) {
      return packer.partBytes(part);
    }

    @Override
    public void pack(ByteBuffer file, int at, int count, ByteBuffer[] to) {
      boolean full = count == TilePacker.ROWS && form.paddedColumns(columns) == columns;
      if (full && WordPacking.knows(form)) {
        WordPacking.pack(form, file, at, count, columns, to);
      } else {
        file.get(at, tile, 0, count * rowBytes);
        packer.pack(tile, count, to);
      }
    }
  }
}
