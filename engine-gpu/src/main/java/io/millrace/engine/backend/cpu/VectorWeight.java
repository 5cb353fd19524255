package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.Tensor;
import io.millrace.engine.backend.TensorData;
import io.millrace.engine.gguf.GgmlType;
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
 * Q8_0               a[k] b[k] a[k + 1] b[k + 1]                          8 bits each
 * Q4_0               a[k] .. a[k + 3] b[k] .. b[k + 3], each 0 to 15     4 bits each
 * scales of a block  a b                                                 16 bits each, binary16
 * </pre>
 *
 * It takes as many bytes as in the file, but for the rows that fill up the last group.
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
  private int[] packed; // all others
  private int[] scales; // Q8_0 and Q4_0: [groups][columns / 32][LANES]

  VectorWeight(String name, GgmlType type, int rows, int columns, TensorData data)
      throws IOException {
    this.type = type;
    this.rows = rows;
    this.columns = columns;
    this.groups = (rows + GROUP - 1) / GROUP;
    long elements = (long) groups * groupElements();
    if (elements > CpuWeights.ELEMENTS_MAX) {
      throw new IllegalArgumentException(
          "tensor " + name + " is " + rows + " x " + columns + ", more than a Java array holds");
    }
    if (type == GgmlType.F32) {
      floats = new float[(int) elements];
    } else {
      packed = new int[(int) elements];
    }
    if (type.quantized()) {
      scales = new int[groups * (columns / Int8Blocks.BLOCK) * LANES];
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
    int to = g * groupElements() + lane;
    switch (type) {
      case F32 -> {
        for (int k = 0; k < columns; k++) {
          floats[to + (2 * k + half) * LANES] = CpuWeights.element(type, row, at, k);
        }
      }
      case F16, BF16 -> {
        for (int k = 0; k < columns; k++) {
          int bits = CpuWeights.shortAt(row, at + 2 * k) & 0xffff;
          packed[to + k * LANES] |= bits << 16 * half;
        }
      }
      case Q8_0 -> packQ8(row, at, to, 8 * half);
      default -> packQ4(row, at, to, 16 * half);
    }
    if (type.quantized()) {
      int blocks = columns / Int8Blocks.BLOCK;
      for (int block = 0; block < blocks; block++) {
        int bits = CpuWeights.shortAt(row, at + block * type.blockBytes()) & 0xffff;
        scales[(g * blocks + block) * LANES + lane] |= bits << 16 * half;
      }
    }
  }

  private void packQ8(byte[] row, int at, int to, int shift) {
    for (int block = 0; block < columns / Int8Blocks.BLOCK; block++) {
      int quants = at + block * type.blockBytes() + 2;
      for (int j = 0; j < 16; j++) {
        int pair = (row[quants + 2 * j] & 0xff) | (row[quants + 2 * j + 1] & 0xff) << 16;
        packed[to + (16 * block + j) * LANES] |= pair << shift;
      }
    }
  }

  /** In the file, elements j and j + 16 of a block share a byte. */
  private void packQ4(byte[] row, int at, int to, int shift) {
    for (int block = 0; block < columns / Int8Blocks.BLOCK; block++) {
      int quants = at + block * type.blockBytes() + 2;
      for (int j = 0; j < 4; j++) {
        int lower = 0;
        int upper = 0;
        for (int i = 0; i < 4; i++) {
          int pair = row[quants + 4 * j + i] & 0xff;
          lower |= (pair & 15) << 4 * i;
          upper |= (pair >> 4) << 4 * i;
        }
        packed[to + (8 * block + j) * LANES] |= lower << shift;
        packed[to + (8 * block + j + 4) * LANES] |= upper << shift;
      }
    }
  }

  /** Dequantises one row: an embedding. */
  void decodeRow(int row, float[] out, int at) {
    int r = row % GROUP;
    int lane = r % LANES;
    int half = r / LANES;
    int group = row / GROUP;
    int base = group * groupElements();
    for (int k = 0; k < columns; k++) {
      out[at + k] =
          switch (type) {
            case F32 -> floats[base + (2 * k + half) * LANES + lane];
            case F16 -> HalfFloats.f16((short) (packed[base + k * LANES + lane] >> 16 * half));
            case BF16 -> HalfFloats.bf16((short) (packed[base + k * LANES + lane] >> 16 * half));
            case Q8_0 ->
                scale(group, k, lane, half)
                    * (byte) (packed[base + k / 2 * LANES + lane] >> 16 * (k % 2) + 8 * half);
            default ->
                scale(group, k, lane, half)
                    * ((packed[base + k / 4 * LANES + lane] >> 4 * (k % 4) + 16 * half & 15) - 8);
          };
    }
  }

  private float scale(int group, int k, int lane, int half) {
    int blocks = columns / Int8Blocks.BLOCK;
    int bits = scales[(group * blocks + k / Int8Blocks.BLOCK) * LANES + lane];
    return HalfFloats.f16((short) (bits >> 16 * half));
  }

  float[] floats() {
    return floats;
  }

  int[] packed() {
    return packed;
  }

  int[] scales() {
    return scales;
  }

  int groups() {
    return groups;
  }

  /** Array elements that one group takes. */
  int groupElements() {
    return switch (type) {
      case F32 -> columns * GROUP;
      case F16, BF16 -> columns * LANES;
      case Q8_0 -> columns / 2 * LANES;
      default -> columns / 4 * LANES;
    };
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
    long blocks = type.quantized() ? columns / Int8Blocks.BLOCK : 0;
    return 4L * groups * (groupElements() + blocks * LANES);
  }

  @Override
  public void close() {
    floats = null;
    packed = null;
    scales = null;
  }
}
