package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.Tensor;
import io.millrace.engine.backend.TensorData;
import io.millrace.engine.gguf.GgmlType;
import java.io.IOException;

/** A weight as it lies in its file, and the dot products that define what it means. */
final class ScalarWeight implements Tensor {
  private final GgmlType type;
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

  void decodeRow(int row, float[] out, int at) {
    CpuWeights.decodeRow(type, data, row * rowBytes, columns, out, at);
  }

  /** One output of an unquantised weight: fused multiply-adds in the order of the inputs. */
  float dot(int output, float[] x, int at) {
    float sum = 0f;
    for (int i = 0; i < columns; i++) {
      sum = Math.fma(CpuWeights.element(type, data, output * rowBytes, i), x[at + i], sum);
    }
    return sum;
  }

  /**
   * One output of a quantised weight: blocks summed exactly in integers, then added in order.
   *
   * @param quants the activations in int8, from {@code at} on
   * @param scales the activations' scales, from {@code at / 32} on
   */
  float dot(int output, byte[] quants, float[] scales, int at) {
    float sum = 0f;
    int row = output * rowBytes;
    for (int block = 0; block < columns / Int8Blocks.BLOCK; block++) {
      int products = 0;
      for (int i = block * Int8Blocks.BLOCK; i < (block + 1) * Int8Blocks.BLOCK; i++) {
        products += CpuWeights.quant(type, data, row, i) * quants[at + i];
      }
      float scale =
          CpuWeights.scale(type, data, row, block) * scales[at / Int8Blocks.BLOCK + block];
      sum = Math.fma(products, scale, sum);
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
