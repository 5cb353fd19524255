package io.millrace.engine.backend.cpu;

import io.millrace.engine.gguf.GgmlType;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The activations of a matmul, arranged for its kernels: rows in tiles of {@link #TILE}, in a tile
 * the tokens of one input k side by side. A last tile of one row is stored alone, as is one of two
 * quantised rows; others are filled up with zeros. What was arranged for one matmul serves the next
 * over the same activations.
 */
final class VectorInput implements Workers.Task {

  /** Rows in a full tile. */
  static final int TILE = 4;

  /** What arranging an element costs, in multiply-adds. */
  private static final int WORK = 8;

  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;

  /** What the kernels of a weight type read. */
  private enum Form {
    /** {@link #values} as they are. */
    FLOAT,
    /** {@link #values} x 2^100: binary16 weights are read as if they were 2^112 times smaller. */
    FLOAT_SCALED,
    /** {@link #pairs}, {@link #scales} and {@link #sums}, for quantised types. */
    INT8,
    /** The same, but {@link #values} in tiles of four rows. */
    INT8_AS_FLOAT
  }

  /** Inputs that one of {@link #sums} is of. */
  static final int SUM = 16;

  /** With 2^12 on the output this makes up for the 2^112; either factor alone could overflow. */
  static final float F16_INPUT_SCALE = 0x1p100f;

  static final float F16_OUTPUT_SCALE = 0x1p12f;

  /** {@code [tiles][columns][TILE]}. */
  float[] values = new float[0];

  /** {@code [tiles][columns][TILE]}: an int8 number as int16, twice, in both halves of an int. */
  int[] pairs = new int[0];

  /** {@code [tiles][columns / 32][TILE]}: the int8 numbers' scales. */
  float[] scales = new float[0];

  /** {@code [tiles][columns / 16][TILE]}: sums of the int8 numbers. */
  int[] sums = new int[0];

  private final Workers workers;
  private final byte[][] quants; // by worker: one block
  private final int[][] rounded; // by worker: one block

  // ---- what is arranged at the moment
  private FloatTensor source;
  private long version;
  private Form form;
  private int rows;

  VectorInput(Workers workers) {
    this.workers = workers;
    quants = new byte[workers.threads()][Int8Blocks.BLOCK];
    rounded = new int[workers.threads()][Int8Blocks.BLOCK];
  }

  /** Tiles of so many rows. */
  static int tiles(int rows) {
    return (rows + TILE - 1) / TILE;
  }

  /** Rows that tile {@code tile} is stored with: {@link #TILE}, 1, or 2 if they are quantised. */
  int width(int tile) {
    int present = rows - tile * TILE;
    return present == 1 || present == 2 && quantised() ? present : TILE;
  }

  private boolean quantised() {
    return form == Form.INT8 || form == Form.INT8_AS_FLOAT;
  }

  void arrange(FloatTensor x, int rows, VectorWeight weight) {
    Form wanted;
    if (weight.blocks() != null) {
      wanted = weight.blocks().packing.wide() ? Form.INT8_AS_FLOAT : Form.INT8;
    } else {
      wanted = weight.type() == GgmlType.F16 ? Form.FLOAT_SCALED : Form.FLOAT;
    }
    if (source == x && version == x.version() && form == wanted && this.rows == rows) {
      return;
    }
    source = x;
    version = x.version();
    form = wanted;
    this.rows = rows;
    reserve(tiles(rows) * TILE, x.columns());
    workers.run(this, tiles(rows), (long) rows * x.columns() * WORK);
  }

  /** Arranges one tile. */
  @Override
  public void run(int tile, int worker) {
    int width = width(tile);
    for (int i = 0; i < width; i++) {
      int row = tile * TILE + i;
      if (row >= rows) {
        clear(tile, i);
      } else if (quantised()) {
        quantise(row, tile, i, width, worker);
      } else {
        transpose(form == Form.FLOAT ? 1f : F16_INPUT_SCALE, row, tile, i, width);
      }
    }
  }

  /** Grows the arrays, to the next power of two so that this ends soon. */
  private void reserve(int paddedRows, int columns) {
    int elements = Math.multiplyExact(paddedRows, columns);
    if (form != Form.INT8 && values.length < elements) {
      values = new float[roundUp(elements)];
    }
    if (!quantised()) {
      return;
    }
    if (pairs.length < elements) {
      pairs = new int[roundUp(elements)];
    }
    if (scales.length < elements / Int8Blocks.BLOCK) {
      scales = new float[roundUp(elements / Int8Blocks.BLOCK)];
      sums = new int[2 * scales.length];
    }
  }

  private static int roundUp(int elements) {
    int power = Integer.highestOneBit(Math.max(1, elements - 1)) << 1;
    return power > 0 ? power : elements;
  }

  private void transpose(float factor, int row, int tile, int i, int width) {
    int columns = source.columns();
    float[] from = source.read();
    int at = tile * TILE * columns + i;
    for (int k = 0; k < columns; k++) {
      values[at + k * width] = from[row * source.stride() + k] * factor;
    }
  }

  private void quantise(int row, int tile, int i, int width, int worker) {
    int columns = source.columns();
    int blocks = columns / Int8Blocks.BLOCK;
    int[] block = rounded[worker];
    boolean asFloat = form == Form.INT8_AS_FLOAT && width == TILE;
    for (int b = 0; b < blocks; b++) {
      int at = tile * TILE * columns + b * Int8Blocks.BLOCK * width + i;
      scales[tile * TILE * blocks + b * width + i] =
          round(source.read(), row * source.stride() + b * Int8Blocks.BLOCK, worker);
      for (int half = 0; half < 2; half++) {
        int sum = 0;
        for (int k = half * SUM; k < (half + 1) * SUM; k++) {
          int quant = block[k];
          sum += quant;
          if (asFloat) {
            values[at + k * width] = quant;
          } else {
            pairs[at + k * width] = quant & 0xffff | quant << 16;
          }
        }
        sums[2 * tile * TILE * blocks + (2 * b + half) * width + i] = sum;
      }
    }
  }

  /**
   * Rounds one block to {@link #rounded}, exactly as {@link Int8Blocks#quantise} does.
   *
   * @return its scale
   */
  private float round(float[] x, int at, int worker) {
    int[] to = rounded[worker];
    if (Int8Blocks.BLOCK % F.length() != 0) { // vectors wider than a block
      float scale = Int8Blocks.quantise(x, at, quants[worker], 0);
      for (int k = 0; k < Int8Blocks.BLOCK; k++) {
        to[k] = quants[worker][k];
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
      // The sum's low bits are the rounded number: JDK 17 has no conversion to int in registers.
      scaled
          .add(Int8Blocks.ROUNDING)
          .reinterpretAsInts()
          .sub(Int8Blocks.ROUNDING_BITS)
          .intoArray(to, k);
    }
    return scale;
  }

  /** A row that fills up a tile. */
  private void clear(int tile, int i) {
    int columns = source.columns();
    if (form != Form.INT8) {
      for (int k = 0; k < columns; k++) {
        values[(tile * columns + k) * TILE + i] = 0f;
      }
    } else {
      for (int k = 0; k < columns; k++) {
        pairs[(tile * columns + k) * TILE + i] = 0;
      }
    }
    if (!quantised()) {
      return;
    }
    for (int k = 0; k < columns / Int8Blocks.BLOCK; k++) {
      scales[(tile * columns / Int8Blocks.BLOCK + k) * TILE + i] = 0f;
    }
    for (int k = 0; k < columns / SUM; k++) {
      sums[(tile * columns / SUM + k) * TILE + i] = 0;
    }
  }
}
