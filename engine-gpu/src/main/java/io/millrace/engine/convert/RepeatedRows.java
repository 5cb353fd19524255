package io.millrace.engine.convert;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.gguf.GgufMetadata;
import io.millrace.engine.gguf.GgufValue;
import io.millrace.engine.gguf.ModelBytes;
import io.millrace.engine.gguf.ModelSource;
import io.millrace.engine.gguf.TensorInfo;
import io.millrace.engine.quant.RowEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A model in memory whose matrices repeat their first rows for ever. Tensors of one width and one
 * content share these rows.
 */
final class RepeatedRows implements ModelSource {

  /** Elements before rows repeat, about; at least a row. */
  private static final int CYCLE_ELEMENTS = 1 << 20;

  private final String name;
  private final GgufMetadata metadata;
  private final Map<String, TensorInfo> infos = new HashMap<>();
  private final List<TensorInfo> inOrder = new ArrayList<>();
  private final Map<String, byte[]> rowsOfTensor = new HashMap<>();
  private final Map<String, byte[]> rowsOfContent = new HashMap<>();
  private long bytes;

  RepeatedRows(String name, Map<String, GgufValue> metadata) {
    this.name = name;
    this.metadata = new GgufMetadata(name, metadata);
  }

  /**
   * @param rows of the matrix, 0 for a vector
   * @param content tensors of the same content, type and width get the same rows
   */
  void add(String tensor, GgmlType type, int rows, int columns, String content, RowSource source) {
    List<Long> dims = rows == 0 ? List.of((long) columns) : List.of((long) columns, (long) rows);
    long size = type.bytes(columns) * Math.max(1, rows);
    TensorInfo info = new TensorInfo(tensor, type, dims, bytes, size);
    bytes += size;
    infos.put(tensor, info);
    inOrder.add(info);
    rowsOfTensor.put(
        tensor,
        rowsOfContent.computeIfAbsent(
            content + " " + type + " " + columns, key -> encode(type, columns, source)));
  }

  private static byte[] encode(GgmlType type, int columns, RowSource source) {
    int rows = Math.max(1, CYCLE_ELEMENTS / columns);
    int rowBytes = Math.toIntExact(type.bytes(columns));
    byte[] encoded = new byte[Math.multiplyExact(rows, rowBytes)];
    float[] elements = new float[columns];
    RowEncoder encoder = RowEncoder.of(type).orElseThrow();
    for (int row = 0; row < rows; row++) {
      try {
        source.read(row, elements);
      } catch (IOException e) {
        throw new AssertionError("random rows are read from nowhere", e);
      }
      encoder.encode(elements, 0, columns, encoded, row * rowBytes);
    }
    return encoded;
  }

  @Override
  public Path path() {
    return Path.of(name);
  }

  @Override
  public String format() {
    return "random weights in memory";
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public GgufMetadata metadata() {
    return metadata;
  }

  @Override
  public List<TensorInfo> tensors() {
    return List.copyOf(inOrder);
  }

  @Override
  public Optional<TensorInfo> tensor(String tensor) {
    return Optional.ofNullable(infos.get(tensor));
  }

  @Override
  public void read(TensorInfo tensor, long byteOffset, byte[] dst, int dstOffset, int length) {
    Objects.checkFromIndexSize(byteOffset, length, tensor.bytes());
    Objects.checkFromIndexSize(dstOffset, length, dst.length);
    byte[] rows = rowsOfTensor.get(tensor.name());
    int at = (int) (byteOffset % rows.length);
    for (int done = 0; done < length; at = 0) {
      int part = Math.min(length - done, rows.length - at);
      System.arraycopy(rows, at, dst, dstOffset + done, part);
      done += part;
    }
  }

  @Override
  public String sha256() throws IOException {
    return ModelBytes.sha256(
        digest -> {
          for (TensorInfo tensor : inOrder) {
            byte[] rows = rowsOfTensor.get(tensor.name());
            for (long left = tensor.bytes(); left > 0; left -= rows.length) {
              digest.update(rows, 0, (int) Math.min(left, rows.length));
            }
          }
        });
  }

  @Override
  public void close() {}
}
