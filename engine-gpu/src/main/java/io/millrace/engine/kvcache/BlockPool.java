package io.millrace.engine.kvcache;

import java.util.Arrays;

/**
 * The KV cache's blocks: which are free, and how many hold on to each of the others.
 *
 * <p>Bookkeeping only: keys and values lie with the model, which knows blocks by the same ids. At
 * all times {@code used() + free() == size()}. A block is used while it has at least one reference;
 * the last {@link #release} frees it. Not thread-safe.
 */
public final class BlockPool {
  private final int blockTokens;
  private final int[] references;

  /** Stack of free ids: the block freed last, still warm in the caches, is handed out first. */
  private final int[] freeBlocks;

  private int free;

  /**
   * @param blocks blocks in the pool; their ids are 0 to this, exclusive
   * @param blockTokens tokens in one block
   */
  public BlockPool(int blocks, int blockTokens) {
    if (blocks < 1 || blockTokens < 1) {
      throw new IllegalArgumentException(
          "a pool of " + blocks + " blocks of " + blockTokens + " tokens is empty");
    }
    this.blockTokens = blockTokens;
    this.references = new int[blocks];
    this.freeBlocks = new int[blocks];
    this.free = blocks;
    for (int i = 0; i < blocks; i++) {
      freeBlocks[i] = blocks - 1 - i;
    }
  }

  /**
   * Takes a free block, with one reference.
   *
   * @throws IllegalStateException if none is free; ask {@link #free} first
   */
  public int allocate() {
    if (free == 0) {
      throw new IllegalStateException("all " + size() + " KV blocks are in use");
    }
    int block = freeBlocks[--free];
    references[block] = 1;
    return block;
  }

  /** Adds a reference to a used block: one more table, or a cache, shares it. */
  public void retain(int block) {
    requireUsed(block);
    references[block]++;
  }

  /** Drops a reference; the last one frees the block. */
  public void release(int block) {
    requireUsed(block);
    if (--references[block] == 0) {
      freeBlocks[free++] = block;
    }
  }

  /** References to a block; 0 if it is free. */
  public int references(int block) {
    return references[block];
  }

  public int free() {
    return free;
  }

  public int used() {
    return references.length - free;
  }

  public int size() {
    return references.length;
  }

  /** Tokens in one block. */
  public int blockTokens() {
    return blockTokens;
  }

  /** Blocks that this many tokens of one sequence take. */
  public int blocksFor(int tokens) {
    return (int) (((long) tokens + blockTokens - 1) / blockTokens);
  }

  private void requireUsed(int block) {
    if (references[block] == 0) {
      throw new IllegalStateException("KV block " + block + " is free");
    }
  }

  @Override
  public String toString() {
    return "BlockPool[used=" + used() + ", free=" + free + ", " + Arrays.toString(references) + "]";
  }
}
