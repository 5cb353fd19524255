package io.millrace.engine.kvcache;

import java.util.HashMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/**
 * Finds computed blocks again by what they hold, so that sequences that begin alike compute their
 * common beginning once.
 *
 * <p>Every full block of computed tokens is added, whether they are of a prompt or drawn. It is
 * found by its chain: its tokens, those of all blocks before it, and the sequence's salt (see
 * {@link CachedBlock} for why no two different chains are ever taken for one). A block that nobody
 * uses any more stays in the {@link BlockPool} until the pool needs it; the least recently used one
 * goes first.
 *
 * <p><b>A block is never evicted before those that follow it.</b> Whoever uses a block uses all
 * blocks before it: tables share whole chains, a table whose own block turns out to be known gives
 * it up for the known one, and tables give their blocks back from the last to the first. So a block
 * was used no later than its parent, and goes first; no block is ever left behind without its
 * parent, where it could not be found.
 *
 * <p>Sharing is safe because only full blocks are shared: nobody writes to them again. Its size is
 * bounded by the pool. Not thread-safe.
 */
public final class PrefixCache {
  private final BlockPool pool;

  /** All findable blocks, each under itself. */
  private final Map<CachedBlock, CachedBlock> index = new HashMap<>();

  /** {@code [pool.size()]} each findable block by its id; null for the others. */
  private final CachedBlock[] byBlock;

  /** An empty cache over the pool's blocks; a pool has at most one. */
  public PrefixCache(BlockPool pool) {
    this.pool = pool;
    this.byBlock = new CachedBlock[pool.size()];
    pool.onEviction(this::forget);
  }

  /**
   * The longest run of cached blocks that a sequence starts with. Changes nothing.
   *
   * @param salt only blocks added under an equal one are found
   * @param tokens the token id at each position
   * @param tokensMax how many tokens, from the first, may be found; whole blocks of them are
   */
  public CachedPrefix find(String salt, IntUnaryOperator tokens, int tokensMax) {
    CachedBlock last = null;
    int blocks = 0;
    int idle = 0;
    while (blocks < tokensMax / pool.blockTokens()) {
      CachedBlock found = index.get(new CachedBlock(last, salt, tokensOf(blocks, tokens), -1));
      if (found == null) {
        break;
      }
      last = found;
      blocks++;
      idle += pool.references(found.block()) == 0 ? 1 : 0;
    }
    return blocks == 0 ? CachedPrefix.NONE : new CachedPrefix(last, blocks, idle);
  }

  /** Starts an empty table with what was just found. */
  public void share(CachedPrefix prefix, BlockTable table) {
    table.share(prefix.last(), prefix.blocks());
  }

  /**
   * Makes a sequence's full blocks findable. Where an equal block already is, because two sequences
   * computed the same at the same time, the table takes that one and gives its own back.
   *
   * @param table the sequence's; over its life always with the same salt and tokens
   * @param computedTokens how many tokens, from the first, are computed
   */
  public void add(String salt, IntUnaryOperator tokens, BlockTable table, int computedTokens) {
    for (int i = table.findable(); i < computedTokens / pool.blockTokens(); i++) {
      int block = table.blocks()[i];
      CachedBlock added = new CachedBlock(table.lastFindable(), salt, tokensOf(i, tokens), block);
      CachedBlock known = index.putIfAbsent(added, added);
      if (known == null) {
        byBlock[block] = added;
        pool.keep(block);
      }
      table.found(known == null ? added : known);
    }
  }

  /** Blocks that can be found, used ones and cached ones. */
  public int size() {
    return index.size();
  }

  private void forget(int block) {
    index.remove(byBlock[block]);
    byBlock[block] = null;
  }

  private int[] tokensOf(int blockIndex, IntUnaryOperator tokens) {
    int[] ids = new int[pool.blockTokens()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = tokens.applyAsInt(blockIndex * ids.length + i);
    }
    return ids;
  }
}
