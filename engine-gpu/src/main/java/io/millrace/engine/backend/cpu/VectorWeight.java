package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.Tensor;
import io.millrace.engine.backend.TensorData;
import io.millrace.engine.gguf.GgmlType;
import io.millrace.engine.quant.HalfFloats;
import java.io.IOException;
import jdk.incubator.vector.FloatVector;

/**
 * A weight repacked so that vector lanes are output rows: no kernel ever adds lanes up.
 *
 * <p>Rows stand in groups of two vectors, a (the first {@code LANES} rows) and b (the next); rows
 * missing in the last group are 0. Within a group everything is ordered by input k. One int lane
 * holds, from its lowest bits up:
 *
 * <pre>
 * F32   (float[])    a[k], and in the vector after it b[k]
 * F16, BF16          a[k] b[k]                                           16 bits each
 * </pre>
 *
 * Quantised types are in {@link VectorBlocks}.
 *
 * <p>It takes as many bytes as in the file, but for the rows that fill up the last group.
 */
final class VectorWeight implements Tensor {

  /** Rows in one vector. */
  static final int LANES = FloatVector.SPECIES_PREFERRED.length();

  /** Rows in one group. */
  static final int GROUP = 2 * LANES;

  private final GgmlType type;
  private final int rows;
  private final int columns;
  private final int groups;
  private float[] floats; // F32
  private int[] packed; // F16, BF16
  private VectorBlocks blocks; // quantised types

  VectorWeight(String name, GgmlType type, int rows, int columns, TensorData data)
      throws IOException {
    this.type = type;
    this.rows = rows;
    this.columns = columns;
    this.groups = (rows + GROUP - 1) / GROUP;
    if ((long) groups * columns * GROUP > CpuWeights.ELEMENTS_MAX) {
      throw new IllegalArgumentException(
          "tensor " + name + " is " + rows + " x " + columns + ", more than a Java array holds");
    }
    if (type.quantized()) {
      blocks = new VectorBlocks(type, groups, columns);
    } else if (type == GgmlType.F32) {
      floats = new float[groups * groupElements()];
    } else {
      packed = new int[groups * groupElements()];
    }
    pack(data);
  }

  static VectorWeight of(Tensor tensor) {
    if (tensor instanceof VectorWeight weight) {
      return weight;
    }
    throw new IllegalArgumentException("not a weight that cpu-vector has loaded");
  }

  private void pack(TensorData data) throws IOException {
    int rowBytes = Math.toIntExact(type.bytes(columns));
    byte[] group = new byte[Math.multiplyExact(rowBytes, GROUP)];
    for (int g = 0; g < groups; g++) {
      int present = Math.min(GROUP, rows - g * GROUP);
      data.read((long) g * GROUP * rowBytes, group, present * rowBytes);
      for (int r = 0; r < present; r++) {
        packRow(g, r, group, r * rowBytes);
      }
    }
  }

  private void packRow(int g, int r, byte[] row, int at) {
    int lane = r % LANES;
    int half = r / LANES;
    switch (type) {
      case F32 -> {
        for (int k = 0; k < columns; k++) {
          floats[g * groupElements() + lane + (2 * k + half) * LANES] =
              CpuWeights.element(type, row, at, k);
        }
      }
      case F16, BF16 -> {
        for (int k = 0; k < columns; k++) {
          int bits = CpuWeights.shortAt(row, at + 2 * k) & 0xffff;
          packed[g * groupElements() + lane + k * LANES] |= bits << 16 * half;
        }
      }
      default -> blocks.pack(g, lane, half, row, at);
    }
  }

  /** Dequantises one row: an embedding. */
  void decodeRow(int row, float[] out, int at) {
    int r = row % GROUP;
    int lane = r % LANES;
    int half = r / LANES;
    int group = row / GROUP;
    if (blocks != null) {
      blocks.decodeRow(group, lane, half, out, at);
      return;
    }
    int base = group * groupElements();
    for (int k = 0; k < columns; k++) {
      out[at + k] =
          switch (type) {
            case F32 -> floats[base + (2 * k + half) * LANES + lane];
            case F16 -> HalfFloats.f16((short) (packed[base + k * LANES + lane] >> 16 * half));
            default -> HalfFloats.bf16((short) (packed[base + k * LANES + lane] >> 16 * half));
          };
    }
  }

  float[] floats() {
    return floats;
  }

  int[] packed() {
    return packed;
  }

  /** Of a quantised type. */
  VectorBlocks blocks() {
    return blocks;
  }

  int groups() {
    return groups;
  }

  /** Array elements that one group of plain numbers takes. */
  int groupElements() {
    return type == GgmlType.F32 ? columns * GROUP : columns * LANES;
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
    return blocks != null ? blocks.bytes() : 4L * groups * groupElements();
  }

  @Override
  public void close() {
    floats = null;
    packed = null;
    blocks = null;
  }
}
