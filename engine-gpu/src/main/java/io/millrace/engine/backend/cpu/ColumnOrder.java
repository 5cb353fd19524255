package io.millrace.engine.backend.cpu;

import java.util.HashMap;
import java.util.Map;

/** Activations with their columns in another order, in buffers that are used again. */
final class ColumnOrder {
  private final Map<Integer, FloatTensor> buffers = new HashMap<>(); // by columns

  /**
   * {@code out[row][i] = x[row][order[i]]}.
   *
   * @return valid until the next call for as many columns
   */
  FloatTensor apply(int rows, FloatTensor x, FloatTensor order) {
    FloatTensor out = buffers.get(x.columns());
    if (out == null || out.rows() < rows || out.stride() != x.stride()) {
      out = new FloatTensor(rows, x.columns(), x.stride());
      buffers.put(x.columns(), out);
    }
    float[] from = x.read();
    float[] to = out.write();
    float[] source = order.read();
    for (int row = 0; row < rows; row++) {
      int at = row * x.stride();
      for (int i = 0; i < x.columns(); i++) {
        to[at + i] = from[at + (int) source[i]];
      }
    }
    return out;
  }
}
