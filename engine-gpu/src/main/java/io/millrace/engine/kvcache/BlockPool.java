package io.millrace.engine.kvcache;

import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntConsumer;

/**
 * The KV cache's blocks: how many hold on to each, which are free, and which hold something that
 * may be used again.
 *
 * <p>Bookkeeping only: keys and values lie with the model, which knows blocks by the same ids. A
 * block is <em>used</em> while it has at least one reference. The last {@link #release} makes it
 * <em>free</em>, or, if its content is to be {@link #keep kept}, <em>cached</em>: it keeps its
 * content until {@link #allocate} finds nothing free and evicts the block that has been cached
 * longest. At all times {@code used() + free() + cached() == size()}. Not thread-safe.
 */
public final class BlockPool {
  private final int blockTokens;
  private final int[] references;

  /** Stack of free ids: the block freed last, still warm in the caches, is handed out first. */
  private final int[] freeBlocks;

  private int free;

  /** Blocks whose content is kept, used ones and cached ones. */
  private final BitSet kept = new BitSet();

  /** Exactly the kept blocks without a reference. */
  private final LruList cached;

  private IntConsumer onEviction = block -> {};

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
    this.cached = new LruList(blocks);
    for (int i = 0; i < blocks; i++) {
      freeBlocks[i] = blocks - 1 - i;
    }
  }

  /** Who is told of a block just before it loses its content. */
  void onEviction(IntConsumer listener) {
    onEviction = listener;
  }

  /**
   * Takes a block, with one reference and nothing in it: a free one if there is one, else the one
   * cached longest.
   *
   * @throws IllegalStateException if all are used; ask {@link #available} first
   */
  public int allocate() {
    int block = free > 0 ? freeBlocks[--free] : evict();
    references[block] = 1;
    return block;
  }

  private int evict() {
    if (cached.count() == 0) {
      throw new IllegalStateException("all " + size() + " KV blocks are in use");
    }
    int block = cached.pollOldest();
    kept.clear(block);
    onEviction.accept(block);
    return block;
  }

  /** Has a used block cached, not freed, when its last reference goes. */
  void keep(int block) {
    requireUsed(block);
    kept.set(block);
  }

  /** Adds a reference to a used or a cached block, which is then used: one more table shares it. */
  public void retain(int block) {
    if (cached.contains(block)) {
      cached.remove(block);
    } else {
      requireUsed(block);
    }
    references[block]++;
  }

  /** Drops a reference; with the last one the block is free or cached. */
  public void release(int block) {
    requireUsed(block);
    if (--references[block] == 0) {
      if (kept.get(block)) {
        cached.add(block);
      } else {
        freeBlocks[free++] = block;
      }
    }
  }

  /** References to a block; 0 if it is free or cached. */
  public int references(int block) {
    return references[block];
  }

  /** Blocks without content. */
  public int free() {
    return free;
  }

  /** Blocks that nobody refers to, with content that may be used again. */
  public int cached() {
    return cached.count();
  }

  /** Blocks that somebody refers to. */
  public int used() {
    return references.length - available();
  }

  /** Blocks that can be allocated: free and cached ones. */
  public int available() {
    return free + cached.count();
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
      throw new IllegalStateException("KV block " + block + " is not in use");
    }
  }

  @Override
  public String toString() {
    return String.format(
        "BlockPool[used=%d, free=%d, cached=%d, %s]",
        used(), free, cached(), Arrays.toString(references));
  }
}
