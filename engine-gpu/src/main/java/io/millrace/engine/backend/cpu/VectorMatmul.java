package io.millrace.engine.backend.cpu;

import java.util.Arrays;

/**
 * One matmul as units of work: some groups of output rows x all tiles of activations. Which thread
 * computes what changes nothing in the sums, which never leave a lane.
 */
final class VectorMatmul implements Workers.Task {

  /** Tiles whose activations are gone over once for every group, so that they stay in the cache. */
  private static final int TILES_AT_ONCE = 16;

  /** Multiply-adds worth a unit of their own, and most units per thread. */
  private static final long UNIT_WORK_MIN = 60_000;

  private static final int UNITS_PER_THREAD_MAX = 8;

  private final Workers workers;
  private final VectorInput input;
  private final VectorSlab[] slabs; // by worker

  // ---- of the matmul under way
  private VectorWeight weight;
  private float[] out;
  private int rows;
  private int stride;
  private int groupsPerUnit;

  VectorMatmul(Workers workers) {
    this.workers = workers;
    input = new VectorInput(workers);
    slabs = new VectorSlab[workers.threads()];
    for (int worker = 0; worker < slabs.length; worker++) {
      slabs[worker] = new VectorSlab();
    }
  }

  void run(int rows, VectorWeight weight, FloatTensor x, FloatTensor out) {
    this.rows = rows;
    this.weight = weight;
    this.out = out.write();
    this.stride = out.stride();
    input.arrange(x, rows, weight);
    int groups = weight.groups();
    long work = (long) rows * groups * VectorWeight.GROUP * weight.columns();
    int unitsMax = (int) Math.min(workers.threads() * (long) UNITS_PER_THREAD_MAX, groups);
    int units = (int) Math.max(1, Math.min(unitsMax, work / UNIT_WORK_MIN));
    groupsPerUnit = VectorKvCache.roundUp((groups + units - 1) / units, 2);
    workers.run(this, (groups + groupsPerUnit - 1) / groupsPerUnit, work);
  }

  @Override
  public void run(int unit, int worker) {
    int from = unit * groupsPerUnit;
    int to = Math.min(weight.groups(), from + groupsPerUnit);
    int tiles = VectorInput.tiles(rows);
    int rest = input.width(tiles - 1);
    boolean narrow = rest < VectorInput.TILE;
    int fours = narrow ? tiles - 1 : tiles;
    for (int first = 0; first < fours; first += TILES_AT_ONCE) {
      int last = Math.min(fours, first + TILES_AT_ONCE);
      if (weight.blocks() != null) {
        for (int group = from; group < to; group += 2) {
          int groups = Math.min(2, to - group);
          clear(group, groups, first * VectorInput.TILE, last * VectorInput.TILE);
          if (!weight.blocks().packing.wide()) {
            quantised(group, groups, first, last, slabs[worker]);
            continue;
          }
          for (int g = group; g < group + groups; g++) {
            wide(g, first, last, slabs[worker]);
          }
        }
      } else {
        for (int group = from; group < to; group++) {
          plain(group, first, last);
        }
      }
    }
    if (narrow) {
      for (int group = from; group < to; group += 2) {
        narrow(group, Math.min(2, to - group), tiles - 1, rest, slabs[worker]);
      }
    }
  }

  private void clear(int group, int groups, int firstRow, int lastRow) {
    for (int row = firstRow; row < lastRow; row++) {
      int at = row * stride + group * VectorWeight.GROUP;
      Arrays.fill(out, at, at + groups * VectorWeight.GROUP, 0f);
    }
  }

  /** Tiles of four rows: weights are unpacked once for all of them. */
  private void quantised(int group, int groups, int firstTile, int lastTile, VectorSlab slab) {
    VectorBlocks w = weight.blocks();
    int blocks = w.columns / Int8Blocks.BLOCK;
    int outputs = group * VectorWeight.GROUP;
    slab.shape(w.packing, groups, VectorInput.TILE);
    for (int block = 0; block < blocks; block += VectorSlab.BLOCKS) {
      slab.blocks = Math.min(VectorSlab.BLOCKS, blocks - block);
      for (int g = 0; g < groups; g++) {
        int at = g * VectorSlab.GROUP_WEIGHTS;
        VectorUnpack.unpack(w, group + g, block, slab.blocks, slab.weights, at);
        VectorScales.unpack(w, group + g, block, slab.blocks, slab, g * VectorSlab.GROUP_SCALES);
      }
      for (int tile = firstTile; tile < lastTile; tile++) {
        int row = tile * VectorInput.TILE;
        int x = row * w.columns + block * Int8Blocks.BLOCK * VectorInput.TILE;
        VectorProducts.four(slab, w.packing.run(), input.pairs, x);
        VectorScaling.add(w.packing, slab, input, x, out, row * stride + outputs, stride);
      }
    }
  }

  /** The same of 8 bits, one group. */
  private void wide(int group, int firstTile, int lastTile, VectorSlab slab) {
    VectorBlocks w = weight.blocks();
    int blocks = w.columns / Int8Blocks.BLOCK;
    for (int block = 0; block < blocks; block += VectorSlab.BLOCKS) {
      slab.blocks = Math.min(VectorSlab.BLOCKS, blocks - block);
      int from = (group * blocks + block) * 2 * w.packing.lowBits() * VectorWeight.LANES;
      VectorWideKernels.unpack(w.low, from, slab.blocks, slab.floats);
      VectorScales.unpack(w, group, block, slab.blocks, slab, 0);
      for (int tile = firstTile; tile < lastTile; tile++) {
        int row = tile * VectorInput.TILE;
        int x = row * w.columns + block * Int8Blocks.BLOCK * VectorInput.TILE;
        int at = row * stride + group * VectorWeight.GROUP;
        VectorWideKernels.four(slab, input, x, out, at, stride);
      }
    }
  }

  /** Tiles of four rows. */
  private void plain(int group, int firstTile, int lastTile) {
    for (int tile = firstTile; tile < lastTile; tile++) {
      int x = tile * VectorInput.TILE * weight.columns();
      int at = tile * VectorInput.TILE * stride + group * VectorWeight.GROUP;
      switch (weight.type()) {
        case F32 -> VectorFloatKernels.f32Four(weight, group, input, x, out, at, stride);
        case F16 -> VectorFloatKernels.f16Four(weight, group, input, x, out, at, stride);
        default -> VectorFloatKernels.bf16Four(weight, group, input, x, out, at, stride);
      }
    }
  }

  /** A tile of one row, or of two if the weight is quantised; one or two groups. */
  private void narrow(int group, int groups, int tile, int width, VectorSlab slab) {
    int x = tile * VectorInput.TILE * weight.columns();
    int at = tile * VectorInput.TILE * stride + group * VectorWeight.GROUP;
    if (weight.blocks() != null) {
      clear(group, groups, tile * VectorInput.TILE, tile * VectorInput.TILE + width);
      quantisedNarrow(group, groups, x, width, at, slab);
      return;
    }
    for (int g = group; g < group + groups; g++) {
      switch (weight.type()) {
        case F32 -> VectorFloatKernels.f32One(weight, g, input, x, out, at);
        case F16 -> VectorFloatKernels.f16One(weight, g, input, x, out, at);
        default -> VectorFloatKernels.bf16One(weight, g, input, x, out, at);
      }
      at += VectorWeight.GROUP;
    }
  }

  private void quantisedNarrow(int group, int groups, int x, int width, int at, VectorSlab slab) {
    VectorBlocks w = weight.blocks();
    VectorPacking packing = w.packing;
    int blocks = w.columns / Int8Blocks.BLOCK;
    slab.shape(packing, groups, width);
    int blocksMax = VectorSlab.BLOCKS_OF_ONE / width;
    for (int block = 0; block < blocks; block += blocksMax) {
      slab.blocks = Math.min(blocksMax, blocks - block);
      int xAt = x + block * Int8Blocks.BLOCK * width;
      int blockInts = 2 * packing.lowBits() * VectorWeight.LANES;
      int first = (group * blocks + block) * blockInts;
      int second = groups == 2 ? first + blocks * blockInts : first;
      for (int g = 0; g < groups; g++) {
        VectorScales.unpack(w, group + g, block, slab.blocks, slab, g * VectorSlab.GROUP_SCALES);
      }
      if (packing.bits() == 8) {
        if (width == 1) {
          VectorDirectProducts.bytesOne(w.low, first, second, slab, input.pairs, xAt);
        } else {
          for (int g = 0; g < groups; g++) {
            VectorDirectProducts.bytesTwo(
                w.low, g == 0 ? first : second, slab, g, input.pairs, xAt);
          }
        }
      } else if (packing.bits() == 4 && packing.run() == Int8Blocks.BLOCK) {
        if (width == 1) {
          VectorDirectProducts.nibblesOne(w.low, first, second, slab, packing.zero(), input, xAt);
        } else {
          for (int g = 0; g < groups; g++) {
            int from = g == 0 ? first : second;
            VectorDirectProducts.nibblesTwo(w.low, from, slab, g, packing.zero(), input, xAt);
          }
        }
      } else {
        for (int g = 0; g < groups; g++) {
          int to = g * VectorSlab.GROUP_WEIGHTS;
          VectorUnpack.unpack(w, group + g, block, slab.blocks, slab.weights, to);
        }
        if (width == 1) {
          VectorProducts.one(slab, packing.run(), input.pairs, xAt);
        } else {
          VectorProducts.two(slab, packing.run(), input.pairs, xAt);
        }
      }
      VectorScaling.add(packing, slab, input, xAt, out, at, stride);
    }
  }
}
