package io.millrace.engine.convert;

import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.RowEncoder;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * Encodes the rows of a matrix on several threads and writes them in order. Holds a few megabytes,
 * whatever the matrix.
 */
final class EncodedRows {
  /** Elements that one task encodes, about; at least a row. */
  private static final int TASK_ELEMENTS = 1 << 17;

  /** Tasks that are under way before their results are written. */
  private static final int TASKS_MAX = 16;

  private final ExecutorService executor;

  EncodedRows(ExecutorService executor) {
    this.executor = executor;
  }

  /**
   * @throws IOException if the source cannot be read or the stream written, or if the thread is
   *     interrupted
   */
  void write(RowEncoder encoder, long rows, int columns, RowSource source, OutputStream out)
      throws IOException {
    int rowsPerTask = Math.max(1, TASK_ELEMENTS / columns);
    for (long row = 0; row < rows; ) {
      List<Callable<byte[]>> tasks = new ArrayList<>();
      for (int i = 0; i < TASKS_MAX && row < rows; i++) {
        long first = row;
        int count = (int) Math.min(rowsPerTask, rows - row);
        tasks.add(() -> encode(encoder, first, count, columns, source));
        row += count;
      }
      for (byte[] encoded : run(tasks)) {
        out.write(encoded);
      }
    }
  }

  private static byte[] encode(
      RowEncoder encoder, long first, int rows, int columns, RowSource source) throws IOException {
    GgmlType type = encoder.type();
    int rowBytes = Math.toIntExact(type.bytes(columns));
    byte[] encoded = new byte[Math.multiplyExact(rows, rowBytes)];
    float[] elements = new float[columns];
    for (int i = 0; i < rows; i++) {
      source.read(first + i, elements);
      encoder.encode(elements, 0, columns, encoded, i * rowBytes);
    }
    return encoded;
  }

  private List<byte[]> run(List<Callable<byte[]>> tasks) throws IOException {
    try {
      List<byte[]> results = new ArrayList<>();
      for (Future<byte[]> result : executor.invokeAll(tasks)) {
        results.add(result.get());
      }
      return results;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while encoding");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw cause;
      }
      throw new IllegalStateException("encoding failed", e.getCause());
    }
  }
}
