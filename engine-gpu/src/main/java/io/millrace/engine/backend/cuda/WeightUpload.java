package io.millrace.engine.backend.cuda;

import io.millrace.engine.backend.TensorData;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.RowDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Streams weights from their file into device memory, piece by piece through two pinned buffers: one
 * is packed while the other is on its way.
 */
final class WeightUpload implements AutoCloseable {
  private static final int PIECE_BYTES = 8 << 20;

  private final CudaDriver driver;
  private final CudaDriver.Stream stream;
  private final CudaMemory memory;
  private List<Piece> pieces = List.of();
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
    } catch (RuntimeException e) {
      range.close();
      throw e;
    }
  }

  /** A matrix. */
  CudaWeight matrix(
      String name, GgmlType type, WeightLayout layout, int rows, int columns, TensorData data)
      throws IOException {
    long tiles = (rows + layout.tileRows() - 1L) / layout.tileRows();
    CudaMemory.Range elements =
        memory.allocate(
            CudaMemory.Use.WEIGHTS, "tensor " + name, tiles * layout.tileBytes(columns));
    CudaMemory.Range scales = null;
    try {
      if (layout.scaled()) {
        scales =
            memory.allocate(
                CudaMemory.Use.WEIGHTS,
                "the scales of tensor " + name,
                tiles * layout.tileScaleBytes(columns));
      }
      fill(type, layout, rows, columns, data, elements, scales);
      return new CudaWeight(type, layout, rows, columns, elements, scales);
    } catch (IOException | RuntimeException | Error e) {
      elements.close();
      if (scales != null) {
        scales.close();
      }
      throw e;
    }
  }

  private void fill(
      GgmlType type,
      WeightLayout layout,
      int rows,
      int columns,
      TensorData data,
      CudaMemory.Range elements,
      CudaMemory.Range scales)
      throws IOException {
    int tileBytes = layout.tileBytes(columns);
    int tileScaleBytes = layout.tileScaleBytes(columns);
    int tileRows = layout.tileRows();
    int rowBytes = Math.toIntExact(type.bytes(columns));
    int tilesMax = Math.max(1, PIECE_BYTES / (tileBytes + tileScaleBytes));
    reserve(tilesMax * (tileBytes + tileScaleBytes));
    if (file.length < tilesMax * tileRows * rowBytes) {
      file = new byte[tilesMax * tileRows * rowBytes];
    }
    ByteBuffer from = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int rowsOfPiece = tilesMax * tileRows;
    for (int first = 0, piece = 0; first < rows; first += rowsOfPiece, piece++) {
      Piece to = pieces.get(piece % pieces.size());
      to.copied().synchronize();
      ByteBuffer buffer = to.pinned().buffer();
      int count = Math.min(rowsOfPiece, rows - first);
      int tiles = (count + tileRows - 1) / tileRows;
      data.read((long) first * rowBytes, file, count * rowBytes);
      if (count % tileRows != 0 || layout.paddedColumns(columns) != columns) {
        clear(buffer, tiles * (tileBytes + tileScaleBytes));
      }
      for (int tile = 0; tile < tiles; tile++) {
        layout.pack(
            from,
            tile * tileRows * rowBytes,
            Math.min(tileRows, count - tile * tileRows),
            columns,
            buffer,
            tile * tileBytes,
            buffer,
            tiles * tileBytes + tile * tileScaleBytes);
      }
      long at = first / tileRows;
      driver.copyToDevice(
          elements.address() + at * tileBytes, to.pinned(), 0, tiles * tileBytes, stream);
      if (scales != null) {
        driver.copyToDevice(
            scales.address() + at * tileScaleBytes,
            to.pinned(),
            tiles * tileBytes,
            tiles * tileScaleBytes,
            stream);
      }
      to.copied().record(stream);
    }
    stream.synchronize(); // other streams read the weight, too
  }

  private static void clear(ByteBuffer buffer, int bytes) {
    for (int at = 0; at < bytes; at++) {
      buffer.put(at, (byte) 0);
    }
  }

  private void reserve(int bytes) {
    if (!pieces.isEmpty() && pieces.get(0).pinned().buffer().capacity() >= bytes) {
      return;
    }
    close();
    pieces = List.of(piece(bytes), piece(bytes));
  }

  private Piece piece(int bytes) {
    CudaDriver.Event copied = driver.event();
    copied.record(stream);
    return new Piece(driver.allocatePinned(bytes), copied);
  }

  @Override
  public void close() {
    pieces.forEach(Piece::close);
    pieces = List.of();
    file = new byte[0];
  }
}
