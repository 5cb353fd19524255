package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.TensorData;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.RowDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Streams weights from their file into device memory, piece by piece through two pinned buffers:
 * one is packed while the other is on its way.
 */
final class WeightUpload implements AutoCloseable {
  private static final int PIECE_BYTES = 8 << 20;
  private static final int PIECES = 2;

  private final CudaDriver driver;
  private final CudaDriver.Stream stream;
  private final CudaMemory memory;
  private final List<Piece> pieces = new ArrayList<>();
  private byte[] file = new byte[0];

  /** A pinned buffer and the event after which it may be filled again. */
  private record Piece(CudaDriver.PinnedMemory pinned, CudaDriver.Event copied) {
    void close() {
      pinned.close();
      copied.close();
    }
  }

  WeightUpload(CudaDriver driver, CudaDriver.Stream stream, CudaMemory memory) {
    this.driver = driver;
    this.stream = stream;
    this.memory = memory;
  }

  /** A row of any type that can be decoded, as float32. */
  CudaTensor vector(String name, GgmlType type, int columns, TensorData data) throws IOException {
    byte[] bytes = new byte[Math.toIntExact(type.bytes(columns))];
    data.read(0, bytes, bytes.length);
    float[] elements = new float[columns];
    RowDecoder.decode(type, bytes, 0, columns, elements, 0);
    CudaMemory.Range range =
        memory.allocate(CudaMemory.Use.WEIGHTS, "tensor " + name, 4L * columns);
    try {
      reserve(4 * columns);
      pieces.get(0).pinned().buffer().asFloatBuffer().put(0, elements);
      driver.copyToDevice(range.address(), pieces.get(0).pinned(), 0, 4 * columns, stream);
      stream.synchronize();
      return new CudaTensor(1, columns, range, () -> {});
    } catch (RuntimeException | Error e) {
      range.close();
      throw e;
    }
  }

  /** A matrix, in the form that its type's kernels read. */
  CudaWeight matrix(String name, GgmlType type, int rows, int columns, TensorData data)
      throws IOException {
    WeightTiles tiles = WeightTiles.of(type, columns);
    long count = (rows + tiles.rows() - 1L) / tiles.rows();
    CudaMemory.Range[] parts = new CudaMemory.Range[tiles.parts()];
    try {
      for (int part = 0; part < parts.length; part++) {
        String what = part == 0 ? "tensor " + name : "the scales of tensor " + name;
        parts[part] = memory.allocate(CudaMemory.Use.WEIGHTS, what, count * tiles.partBytes(part));
      }
      fill(type, tiles, rows, columns, data, parts);
      return new CudaWeight(type, rows, columns, parts);
    } catch (IOException | RuntimeException | Error e) {
      giveBack(parts);
      throw e;
    }
  }

  /** What was sent may still be on its way. */
  private void giveBack(CudaMemory.Range[] parts) {
    try {
      stream.synchronize();
    } finally {
      for (CudaMemory.Range part : parts) {
        if (part != null) {
          part.close();
        }
      }
    }
  }

  private void fill(
      GgmlType type,
      WeightTiles tiles,
      int rows,
      int columns,
      TensorData data,
      CudaMemory.Range[] parts)
      throws IOException {
    int tileBytes = 0;
    for (int part = 0; part < parts.length; part++) {
      tileBytes += tiles.partBytes(part);
    }
    int rowBytes = Math.toIntExact(type.bytes(columns));
    int tilesMax = Math.max(1, PIECE_BYTES / tileBytes);
    int rowsMax = Math.min(tilesMax * tiles.rows(), (rows + 15) / 16 * 16);
    reserve(tilesMax * tileBytes);
    if (file.length < rowsMax * rowBytes) {
      file = new byte[rowsMax * rowBytes];
    }
    ByteBuffer from = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    for (int first = 0, piece = 0; first < rows; first += tilesMax * tiles.rows(), piece++) {
      int count = Math.min(tilesMax * tiles.rows(), rows - first);
      data.read((long) first * rowBytes, file, count * rowBytes);
      send(pieces.get(piece % pieces.size()), from, rowBytes, tiles, first, count, parts);
    }
    stream.synchronize(); // other streams read the weight, too
  }

  private void send(
      Piece piece,
      ByteBuffer from,
      int rowBytes,
      WeightTiles tiles,
      int first,
      int count,
      CudaMemory.Range[] parts) {
    piece.copied().synchronize();
    int tileCount = (count + tiles.rows() - 1) / tiles.rows();
    int[] begins = new int[parts.length + 1];
    ByteBuffer[] to = new ByteBuffer[parts.length];
    for (int part = 0; part < parts.length; part++) {
      begins[part + 1] = begins[part] + tileCount * tiles.partBytes(part);
      to[part] = piece.pinned().buffer().duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }
    for (int tile = 0; tile < tileCount; tile++) {
      for (int part = 0; part < parts.length; part++) {
        to[part].position(begins[part] + tile * tiles.partBytes(part));
      }
      int row = tile * tiles.rows();
      tiles.pack(from, row * rowBytes, Math.min(tiles.rows(), count - row), to);
    }
    for (int part = 0; part < parts.length; part++) {
      long at = (long) (first / tiles.rows()) * tiles.partBytes(part);
      int bytes = begins[part + 1] - begins[part];
      driver.copyToDevice(parts[part].address() + at, piece.pinned(), begins[part], bytes, stream);
    }
    piece.copied().record(stream);
  }

  private void reserve(int bytes) {
    if (!pieces.isEmpty() && pieces.get(0).pinned().buffer().capacity() >= bytes) {
      return;
    }
    close();
    for (int i = 0; i < PIECES; i++) {
      pieces.add(piece(bytes));
    }
  }

  private Piece piece(int bytes) {
    CudaDriver.PinnedMemory pinned = driver.allocatePinned(bytes);
    try {
      CudaDriver.Event copied = driver.event();
      copied.record(stream);
      return new Piece(pinned, copied);
    } catch (RuntimeException e) {
      pinned.close();
      throw e;
    }
  }

  @Override
  public void close() {
    pieces.forEach(Piece::close);
    pieces.clear();
    file = new byte[0];
  }
}
