package io.millrace.engine.backend.cuda;

/**
 * How many blocks and threads a kernel runs with.
 *
 * @param gridX blocks, at least 1 in each direction
 * @param blockX threads of a block, at least 1 in each direction, at most 1,024 in all
 * @param sharedBytes dynamic shared memory of each block, beside what the kernel declares
 */
public record LaunchShape(
    int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int sharedBytes) {

  /** Threads that a block has at most, on every device. */
  public static final int THREADS_PER_BLOCK_MAX = 1024;

  public LaunchShape {
    if (gridX < 1 || gridY < 1 || gridZ < 1 || gridY > 65_535 || gridZ > 65_535) {
      throw new IllegalArgumentException(
          "grid " + gridX + " x " + gridY + " x " + gridZ + " is no size of a grid");
    }
    if (blockX < 1
        || blockY < 1
        || blockZ < 1
        || (long) blockX * blockY * blockZ > THREADS_PER_BLOCK_MAX) {
      throw new IllegalArgumentException(
          "block " + blockX + " x " + blockY + " x " + blockZ + " is no size of a block");
    }
    if (sharedBytes < 0) {
      throw new IllegalArgumentException("shared memory " + sharedBytes + " is negative");
    }
  }

  /** A row of blocks, each a row of threads, without dynamic shared memory. */
  public static LaunchShape of(int blocks, int threads) {
    return new LaunchShape(blocks, 1, 1, threads, 1, 1, 0);
  }

  /** Threads of a block. */
  public int threads() {
    return blockX * blockY * blockZ;
  }
}
