package io.millrace.engine.huggingface;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufFormatException;
import java.io.IOException;
import java.util.List;

/** A matrix of plain numbers, read from its place, row by row where rows change places. */
final class StoredMatrix implements TensorReader {
  private final Checkpoint.Stored stored;
  private final GgmlType type;
  private final RowOrder order;
  private final long rowBytes;

  private StoredMatrix(Checkpoint.Stored stored, GgmlType type, RowOrder order) {
    this.stored = stored;
    this.type = type;
    this.order = order;
    this.rowBytes = type.bytes(stored.dim(1));
  }

  /**
   * @throws GgufFormatException if it is no matrix, or of a type that GGUF stores otherwise
   */
  static StoredMatrix of(Checkpoint.Stored stored, RowOrder order) throws GgufFormatException {
    if (stored.tensor().shape().size() != 2 || stored.tensor().elements() == 0) {
      throw stored.error("has the shape " + stored.tensor().shape() + ", must be a matrix");
    }
    return new StoredMatrix(stored, PlainNumbers.type(stored), order);
  }

  @Override
  public GgmlType type() {
    return type;
  }

  @Override
  public List<Long> dims() {
    return List.of(stored.dim(1), stored.dim(0));
  }

  @Override
  public void read(long byteOffset, byte[] dst, int dstOffset, int length) throws IOException {
    if (order.same()) {
      stored.read(byteOffset, dst, dstOffset, length);
      return;
    }
    for (int done = 0; done < length; ) {
      long at = byteOffset + done;
      long inRow = at % rowBytes;
      int part = (int) Math.min(length - done, rowBytes - inRow);
      stored.read(order.source(at / rowBytes) * rowBytes + inRow, dst, dstOffset + done, part);
      done += part;
    }
  }
}
