package io.millrace.engine.kvcache;

import java.util.Arrays;

/**
 * The blocks of one sequence, in order of position: position p lies in block {@code p /
 * blockTokens} of the table. It may start with blocks that it shares with other tables, grows block
 * by block, and gives everything back at once. Not thread-safe.
 */
public final class BlockTable {
  private final BlockPool pool;
  private int[] blocks = new int[4];
  private int size;

  /** How many blocks, from the first on, the prefix cache knows, and the last of them. */
  private int findable;

  private CachedBlock lastFindable;

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
    if (needed - size > pool.available()) {
      return false;
    }
    ensureCapacity(needed);
    while (size < needed) {
      blocks[size++] = pool.allocate();
    }
    return true;
  }

  /**
   * Gives back the blocks that the first {@code tokens} positions do not need, the last first. None
   * of them may be one that the prefix cache knows.
   */
  public void shrink(int tokens) {
    int needed = pool.blocksFor(tokens);
    if (needed < findable) {
      throw new IllegalStateException("a table keeps the blocks that can be found");
    }
    while (size > needed) {
      pool.release(blocks[--size]);
    }
  }

  /** Starts an empty table with a chain of cached blocks. */
  void share(CachedBlock last, int count) {
    if (size > 0) {
      throw new IllegalStateException("a table shares a prefix only before it has blocks");
    }
    ensureCapacity(count);
    CachedBlock cached = last;
    for (int i = count - 1; i >= 0; i--) {
      pool.retain(cached.block());
      blocks[i] = cached.block();
      cached = cached.parent();
    }
    size = count;
    findable = count;
    lastFindable = last;
  }

  /**
   * Notes that the first block that was not findable now is, as this one. If that is another block,
   * which holds the same, it takes the place of the table's own.
   */
  void found(CachedBlock cached) {
    if (blocks[findable] != cached.block()) {
      pool.retain(cached.block());
      pool.release(blocks[findable]);
      blocks[findable] = cached.block();
    }
    findable++;
    lastFindable = cached;
  }

  /** Blocks that the prefix cache knows: the first ones. */
  int findable() {
    return findable;
  }

  /** The last block that the prefix cache knows, or null. */
  CachedBlock lastFindable() {
    return lastFindable;
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

  /**
   * Gives all blocks back, the last first: of those that stay cached, the deepest are evicted
   * first, and what remains is always a prefix.
   */
  public void release() {
    while (size > 0) {
      pool.release(blocks[--size]);
    }
    findable = 0;
    lastFindable = null;
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
   * not to be changed, and valid until the table next changes.
   */
  public int[] blocks() {
    return blocks;
  }

  private void ensureCapacity(int needed) {
    if (needed > blocks.length) {
      blocks = Arrays.copyOf(blocks, Math.max(needed, 2 * blocks.length));
    }
  }
}
