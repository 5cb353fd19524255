package io.millrace.engine.backend.cpu;

import io.millrace.engine.gguf.GgmlType;
import java.util.Arrays;

/**
 * One matmul as units of work: some groups of output rows x all tiles of activations. Which thread
 * computes what changes nothing in the sums, which never leave a lane.
 */
final class VectorMatmul implements Workers.Task {

  /** Tiles whose activations are gone over once for every group, so that they stay in the cache. */
  private static final int TILES_AT_ONCE = 8;

  /** Multiply-adds worth a unit of their own, and most units per thread. */
  private static final long UNIT_WORK_MIN = 60_000;

  private static final int UNITS_PER_THREAD_MAX = 8;

  private final Workers workers;
  private final VectorInput input = new VectorInput();
  private final float[][] unpacked; // by worker: one block of a group
  private final int[][] sums; // by worker: one per block and lane

  // ---- of the matmul under way
  private VectorWeight weight;
  private float[] out;
  private int rows;
  private int stride;
  private int groupsPerUnit;

  VectorMatmul(Workers workers) {
    this.workers = workers;
    sums = new int[workers.threads()][0];
    unpacked = new float[workers.threads()][Int8Blocks.BLOCK * VectorWeight.GROUP];
  }

  void run(int rows, VectorWeight weight, FloatTensor x, FloatTensor out) {
    this.rows = rows;
    this.weight = weight;
    this.out = out.write();
    this.stride = out.stride();
    input.arrange(x, rows, weight.type());
    reserve(weight.columns() / Int8Blocks.BLOCK * VectorWeight.LANES);
    int groups = weight.groups();
    long work = (long) rows * groups * VectorWeight.GROUP * weight.columns();
    int unitsMax = (int) Math.min(workers.threads() * (long) UNITS_PER_THREAD_MAX, groups);
    int units = (int) Math.max(1, Math.min(unitsMax, work / UNIT_WORK_MIN));
    groupsPerUnit = (groups + units - 1) / units;
    workers.run(this, (groups + groupsPerUnit - 1) / groupsPerUnit, work);
  }

  private void reserve(int sumsNeeded) {
    for (int worker = 0; worker < sums.length; worker++) {
      if (sums[worker].length < sumsNeeded) {
        sums[worker] = new int[sumsNeeded];
      }
    }
  }

  @Override
  public void run(int unit, int worker) {
    int from = unit * groupsPerUnit;
    int to = Math.min(weight.groups(), from + groupsPerUnit);
    int tiles = VectorInput.tiles(rows);
    boolean single = VectorInput.tileWidth(rows, tiles - 1) == 1;
    int fours = single ? tiles - 1 : tiles;
    for (int first = 0; first < fours; first += TILES_AT_ONCE) {
      int last = Math.min(fours, first + TILES_AT_ONCE);
      for (int group = from; group < to; group++) {
        if (weight.type().quantized()) {
          quantised(group, first, last, unpacked[worker]);
        } else {
          plain(group, first, last);
        }
      }
    }
    if (single) {
      for (int group = from; group < to; group++) {
        one(group, tiles - 1, worker);
      }
    }
  }

  /** Tiles of four rows: each block of weights is unpacked once for all of them. */
  private void quantised(int group, int firstTile, int lastTile, float[] block) {
    int blocks = weight.columns() / Int8Blocks.BLOCK;
    for (int row = firstTile * VectorInput.TILE; row < lastTile * VectorInput.TILE; row++) {
      int at = row * stride + group * VectorWeight.GROUP;
      Arrays.fill(out, at, at + VectorWeight.GROUP, 0f);
    }
    for (int b = 0; b < blocks; b++) {
      if (weight.type() == GgmlType.Q8_0) {
        VectorQ8Kernel.unpack(weight, group, b, block);
      } else {
        VectorQ4Kernel.unpack(weight, group, b, block);
      }
      int scalesAt = (group * blocks + b) * VectorWeight.LANES;
      for (int tile = firstTile; tile < lastTile; tile++) {
        int row = tile * VectorInput.TILE;
        VectorBlockKernel.addFour(
            block,
            weight.scales(),
            scalesAt,
            input.values,
            row * weight.columns() + b * Int8Blocks.BLOCK * VectorInput.TILE,
            input.scales,
            out,
            row * stride + group * VectorWeight.GROUP,
            stride);
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

  /** A tile of one row. */
  private void one(int group, int tile, int worker) {
    int x = tile * VectorInput.TILE * weight.columns();
    int at = tile * VectorInput.TILE * stride + group * VectorWeight.GROUP;
    switch (weight.type()) {
      case F32 -> VectorFloatKernels.f32One(weight, group, input, x, out, at);
      case F16 -> VectorFloatKernels.f16One(weight, group, input, x, out, at);
      case BF16 -> VectorFloatKernels.bf16One(weight, group, input, x, out, at);
      case Q8_0 -> VectorQ8Kernel.one(weight, group, input, x, out, at);
      default -> {
        VectorQ4Kernel.sumOne(weight, group, input, sums[worker]);
        VectorQ4Kernel.scaleOne(
            weight, group, sums[worker], input.scales, x / Int8Blocks.BLOCK, out, at);
      }
    }
  }
}
