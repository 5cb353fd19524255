package io.millrace.engine.kvcache;

import java.util.Arrays;

/**
 * The blocks of one sequence, in order of position: position p lies in block {@code p /
 * blockTokens} of the table. Grows block by block, and gives everything back at once. Not
 * thread-safe.
 */
public final class BlockTable {
  private final BlockPool pool;
  private int[] blocks = new int[4];
  private int size;

  /** An empty table that takes its blocks from the pool. */
  public BlockTable(BlockPool pool) {
    this.pool = pool;
  }

  /**
   * Grows until the table has room for the first {@code tokens} positions; takes all the blocks it
   * lacks, or none.
   *
   * @return whether the table has the room
   */
  public boolean grow(int tokens) {
    int needed = pool.blocksFor(tokens);
    if (needed - size > pool.free()) {
      return false;
    }
    if (needed > blocks.length) {
      blocks = Arrays.copyOf(blocks, Math.max(needed, 2 * blocks.length));
    }
    while (size < needed) {
      blocks[size++] = pool.allocate();
    }
    return true;
  }

  /** Where a position's key and value lie: block id x block tokens + offset. */
  public int slot(int position) {
    int index = position / pool.blockTokens();
    if (index >= size) {
      throw new IndexOutOfBoundsException(
          "position " + position + " is beyond the table's " + size + " blocks");
    }
    return blocks[index] * pool.blockTokens() + position % pool.blockTokens();
  }

  /** Gives all blocks back. */
  public void release() {
    while (size > 0) {
      pool.release(blocks[--size]);
    }
  }

  /** Blocks in the table. */
  public int size() {
    return size;
  }

  /** Positions that the table has room for. */
  public int capacityTokens() {
    return size * pool.blockTokens();
  }

  /**
   * The block ids in order of position. The table's own array, of at least {@link #size} entries:
   * not to be changed, and valid until the table next grows or is released.
   */
  public int[] blocks() {
    return blocks;
  }
}
