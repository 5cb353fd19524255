package io.millrace.engine.backend.cpu;

/**
 * What one thread works on at a time, in its first-level cache: some blocks of one or two groups of
 * quantised rows, unpacked, and the sums of their products with a tile of activations.
 */
final class VectorSlab {

  /** Blocks of a slab, for four rows of activations at a time and for less. */
  static final int BLOCKS = 4;

  static final int BLOCKS_OF_ONE = 32;

  private static final int LANES = VectorWeight.LANES;
  private static final int SUB_BLOCKS_MAX = 2; // of a block
  private static final int RUNS_MAX = 4; // of a block

  /** Shorts of one group's inputs in {@link #weights}, sub-blocks' floats in {@link #scales}. */
  static final int GROUP_WEIGHTS = BLOCKS_OF_ONE * Int8Blocks.BLOCK * VectorWeight.GROUP;

  static final int GROUP_SCALES = BLOCKS_OF_ONE * SUB_BLOCKS_MAX * VectorWeight.GROUP;

  /** {@code [group][inputs][a0, b0, a1, b1, ..]} */
  final short[] weights = new short[2 * GROUP_WEIGHTS];

  /** Scales and minima, {@code [group][sub-blocks][a, b][LANES]}. */
  final float[] scales = new float[2 * GROUP_SCALES];

  final float[] mins = new float[2 * GROUP_SCALES];

  /** Sums of runs, two int16 in a lane: {@code [runs][group][row of the tile][LANES]}. */
  final int[] sums =
      new int[2 * Math.max(BLOCKS * VectorInput.TILE, BLOCKS_OF_ONE) * RUNS_MAX * LANES];

  /** One group's inputs as floats, {@code [inputs][a, b][LANES]}. */
  final float[] floats = new float[BLOCKS * Int8Blocks.BLOCK * VectorWeight.GROUP];

  /** Sums of their products, {@code [blocks][row of the tile][a, b][LANES]}. */
  final float[] floatSums = new float[BLOCKS * VectorInput.TILE * VectorWeight.GROUP];

  // ---- what is in it

  /** Blocks in the slab. */
  int blocks;

  /** Where the second group's weights start: behind the first's, or there if there is only one. */
  int secondAt;

  /** Groups, 1 or 2, and rows of activations, 1, 2 or 4. */
  int groups;

  int rows;

  /** Sub-blocks of a block, 1 or 2. */
  int perBlock;

  /** What weights with minima were shifted by. */
  int offset;

  /** Prepares for groups of a type and a tile of so many rows. */
  void shape(VectorPacking packing, int groups, int rows) {
    this.groups = groups;
    this.rows = rows;
    secondAt = groups == 2 ? GROUP_WEIGHTS : 0;
    perBlock = Int8Blocks.BLOCK / packing.subBlock();
    offset = packing.offset();
  }
}
