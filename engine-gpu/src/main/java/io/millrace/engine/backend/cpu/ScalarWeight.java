package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.Tensor;
import io.millrace.engine.backend.TensorData;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.BlockFormat;
import io.millrace.engine.quant.DecodedRow;
import java.io.IOException;

/** A weight as it lies in its file, and the dot products that define what it means. */
final class ScalarWeight implements Tensor {
  private final GgmlType type;
  private final BlockFormat format; // null for plain numbers
  private final int rows;
  private final int columns;
  private final int rowBytes;
  private byte[] data;

  ScalarWeight(String name, GgmlType type, int rows, int columns, TensorData source)
      throws IOException {
    long bytes = type.bytes(columns) * rows;
    if (bytes > CpuWeights.ELEMENTS_MAX) {
      throw new IllegalArgumentException(
          "tensor " + name + " takes " + bytes + " bytes, more than a Java array holds");
    }
    this.type = type;
    this.format = BlockFormat.of(type).orElse(null);
    this.rows = rows;
    this.columns = columns;
    this.rowBytes = (int) type.bytes(columns);
    this.data = new byte[(int) bytes];
    source.read(0, data, data.length);
  }

  static ScalarWeight of(Tensor tensor) {
    if (tensor instanceof ScalarWeight weight) {
      return weight;
    }
    throw new IllegalArgumentException("not a weight that cpu-scalar has loaded");
  }

  /**
   * Dequantises a row: an embedding.
   *
   * @param scratch room to decode in
   */
  void decodeRow(int row, DecodedRow scratch, float[] out, int at) {
    if (format != null) {
      scratch.dequantise(format, data, row * rowBytes, columns, out, at);
    } else {
      CpuWeights.decodeRow(type, data, row * rowBytes, columns, out, at);
    }
  }

  /** One output of an unquantised weight: fused multiply-adds in the order of the inputs. */
  float dot(int output, float[] x, int at) {
    float sum = 0f;
    for (int i = 0; i < columns; i++) {
      sum = Math.fma(CpuWeights.element(type, data, output * rowBytes, i), x[at + i], sum);
    }
    return sum;
  }

  /** Decodes the row of a quantised weight that makes an output. */
  void decode(int output, DecodedRow row) {
    row.decode(format, data, output * rowBytes, columns);
  }

  /**
   * One output of a quantised weight. The products of a sub-block are summed exactly in integers;
   * sub-blocks are added in order, with the product of their scales and, right after it, what the
   * minimum makes of the activations' own sum.
   *
   * @param row the weight's row, decoded
   * @param quants the activations in int8, from {@code at} on
   * @param scales the activations' scales, from {@code at / 32} on
   */
  float dot(DecodedRow row, byte[] quants, float[] scales, int at) {
    int subBlock = format.subBlock();
    byte[] weights = row.quants();
    float sum = 0f;
    for (int s = 0; s < columns / subBlock; s++) {
      int products = 0;
      int inputs = 0;
      for (int i = s * subBlock; i < (s + 1) * subBlock; i++) {
        products += weights[i] * quants[at + i];
        inputs += quants[at + i];
      }
      float scale = scales[(at + s * subBlock) / Int8Blocks.BLOCK];
      sum = Math.fma(products, row.scales()[s] * scale, sum);
      if (format.hasMin()) {
        sum = Math.fma(inputs, row.mins()[s] * scale, sum);
      }
    }
    return sum;
  }

  @Override
  public GgmlType type() {
    return type;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public long bytes() {
    return (long) rows * rowBytes;
  }

  @Override
  public void close() {
    data = null;
  }
}
