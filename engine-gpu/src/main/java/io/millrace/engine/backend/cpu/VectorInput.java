package io.millrace.engine.backend.cpu;

import io.millrace.engine.gguf.GgmlType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The activations of a matmul, arranged for its kernels: rows in tiles of {@link #TILE}, in a tile
 * the tokens of one input k side by side. A last tile of a single row is stored alone; one of two
 * or three is filled up with zeros. What was arranged for one matmul serves the next over the same
 * activations.
 */
final class VectorInput {

  /** Rows in a full tile. */
  static final int TILE = 4;

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;

  /** What the kernels of a weight type read. */
  private enum Form {
    /** {@link #values} as they are. */
    FLOAT,
    /** {@link #values} x 2^100: binary16 weights are read as if they were 2^112 times smaller. */
    FLOAT_SCALED,
    /** {@link #values} are int8 numbers; {@link #scales}. */
    INT8,
    /** The same, but for a tile of one row: {@link #pairs}, {@link #scales}, {@link #starts}. */
    INT8_PAIRS
  }

  /** With 2^12 on the output this makes up for the 2^112; either factor alone could overflow. */
  static final float F16_INPUT_SCALE = 0x1p100f;

  static final float F16_OUTPUT_SCALE = 0x1p12f;

  /** {@code [tiles][columns][TILE]}. */
  float[] values = new float[0];

  /** {@code [columns]} of a tile of one row, the same int16 in both halves of an int. */
  int[] pairs = new int[0];

  /** {@code [tiles][blocks][TILE]}. */
  float[] scales = new float[0];

  /** {@code [blocks]} of a tile of one row: -8 x the block's sum, in both halves of an int. */
  int[] starts = new int[0];

  private final byte[] quants = new byte[Int8Blocks.BLOCK];
  private final float[] rounded = new float[Int8Blocks.BLOCK];

  // ---- what is arranged at the moment
  private FloatTensor source;
  private long version;
  private Form form;
  private int rows;

  /** Tiles of so many rows. */
  static int tiles(int rows) {
    return (rows + TILE - 1) / TILE;
  }

  /** Rows that tile {@code tile} is stored with: {@link #TILE}, or 1. */
  static int tileWidth(int rows, int tile) {
    return rows - tile * TILE == 1 ? 1 : TILE;
  }

  void arrange(FloatTensor x, int rows, GgmlType weightType) {
    Form wanted =
        switch (weightType) {
          case F16 -> Form.FLOAT_SCALED;
          case Q8_0 -> Form.INT8;
          case Q4_0 -> Form.INT8_PAIRS;
          default -> Form.FLOAT;
        };
    if (source == x && version == x.version() && form == wanted && this.rows == rows) {
      return;
    }
    reserve(wanted, tiles(rows) * TILE, x.columns());
    for (int tile = 0; tile < tiles(rows); tile++) {
      int width = tileWidth(rows, tile);
      for (int i = 0; i < width; i++) {
        int row = tile * TILE + i;
        if (row >= rows) {
          clear(tile, i, x.columns());
        } else if (wanted == Form.INT8_PAIRS && width == 1) {
          quantisePairs(x, row);
        } else if (wanted == Form.INT8 || wanted == Form.INT8_PAIRS) {
          quantise(x, row, tile, i, width);
        } else {
          transpose(wanted == Form.FLOAT ? 1f : F16_INPUT_SCALE, x, row, tile, i, width);
        }
      }
    }
    source = x;
    version = x.version();
    form = wanted;
    this.rows = rows;
  }

  /** Grows the arrays, to the next power of two so that this ends soon. */
  private void reserve(Form wanted, int paddedRows, int columns) {
    int elements = Math.multiplyExact(paddedRows, columns);
    int blocks = elements / Int8Blocks.BLOCK;
    values = values.length < elements ? new float[roundUp(elements)] : values;
    scales = scales.length < blocks ? new float[roundUp(blocks)] : scales;
    if (wanted == Form.INT8_PAIRS && pairs.length < columns) {
      pairs = new int[columns];
      starts = new int[columns / Int8Blocks.BLOCK];
    }
  }

  private static int roundUp(int elements) {
    int power = Integer.highestOneBit(Math.max(1, elements - 1)) << 1;
    return power > 0 ? power : elements;
  }

  private void transpose(float factor, FloatTensor x, int row, int tile, int i, int width) {
    int columns = x.columns();
    float[] from = x.read();
    int at = tile * TILE * columns + i;
    for (int k = 0; k < columns; k++) {
      values[at + k * width] = from[row * x.stride() + k] * factor;
    }
  }

  private void quantise(FloatTensor x, int row, int tile, int i, int width) {
    int columns = x.columns();
    int blocks = columns / Int8Blocks.BLOCK;
    float[] from = x.read();
    for (int block = 0; block < blocks; block++) {
      int at = tile * TILE * columns + block * Int8Blocks.BLOCK * width + i;
      scales[tile * TILE * blocks + block * width + i] =
          round(from, row * x.stride() + block * Int8Blocks.BLOCK);
      for (int k = 0; k < Int8Blocks.BLOCK; k++) {
        values[at + k * width] = rounded[k];
      }
    }
  }

  /** The only row of the last tile. */
  private void quantisePairs(FloatTensor x, int row) {
    int blocks = x.columns() / Int8Blocks.BLOCK;
    float[] from = x.read();
    for (int block = 0; block < blocks; block++) {
      scales[row * blocks + block] = round(from, row * x.stride() + block * Int8Blocks.BLOCK);
      int sum = 0;
      for (int k = 0; k < Int8Blocks.BLOCK; k++) {
        int quant = (int) rounded[k];
        sum += quant;
        pairs[block * Int8Blocks.BLOCK + k] = (quant & 0xffff) * 0x10001;
      }
      starts[block] = (-8 * sum & 0xffff) * 0x10001;
    }
  }

  /**
   * Rounds one block to {@link #rounded}, exactly as {@link Int8Blocks#quantise} does.
   *
   * @return its scale
   */
  private float round(float[] x, int at) {
    if (Int8Blocks.BLOCK % F.length() != 0) { // vectors wider than a block
      float scale = Int8Blocks.quantise(x, at, quants, 0);
      for (int k = 0; k < Int8Blocks.BLOCK; k++) {
        rounded[k] = quants[k];
      }
      return scale;
    }
    FloatVector max = FloatVector.zero(F);
    for (int k = 0; k < Int8Blocks.BLOCK; k += F.length()) {
      max = max.max(FloatVector.fromArray(F, x, at + k).abs());
    }
    float scale = Int8Blocks.scale(max.reduceLanes(VectorOperators.MAX));
    float inverse = Int8Blocks.inverse(scale);
    for (int k = 0; k < Int8Blocks.BLOCK; k += F.length()) {
      FloatVector scaled = FloatVector.fromArray(F, x, at + k).mul(inverse);
      scaled.add(Int8Blocks.ROUNDING).sub(Int8Blocks.ROUNDING).intoArray(rounded, k);
    }
    return scale;
  }

  /** A row that fills up a tile. */
  private void clear(int tile, int i, int columns) {
    for (int k = 0; k < columns; k++) {
      values[(tile * columns + k) * TILE + i] = 0f;
    }
    int blocks = columns / Int8Blocks.BLOCK;
    for (int block = 0; block < blocks; block++) {
      scales[(tile * blocks + block) * TILE + i] = 0f;
    }
  }
}
