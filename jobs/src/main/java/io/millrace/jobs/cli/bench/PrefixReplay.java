package io.millrace.jobs.cli.bench;

import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.kvcache.BlockTable;
import io.millrace.engine.kvcache.CachedPrefix;
import io.millrace.engine.kvcache.PrefixCache;
import java.util.function.IntUnaryOperator;

/**
 * Runs prompts, known by the ids of their blocks, one after another through the engine's own
 * bookkeeping: each shares what is cached, takes the blocks it lacks, and gives all back.
 *
 * <p>An id stands for a block's content, so that it is all that the block has to hold: its two
 * halves, as two tokens.
 */
final class PrefixReplay {
  private static final int TOKENS_PER_ID = 2;

  private final BlockPool pool;
  private final PrefixCache cache;
  private long requests;
  private long blockIds;
  private long hits;
  private long tooLong;

  PrefixReplay(int blocks) {
    pool = new BlockPool(blocks, TOKENS_PER_ID);
    cache = new PrefixCache(pool);
  }

  /** Runs the next prompt. One with more blocks than there are takes and leaves none. */
  void request(long[] ids) {
    requests++;
    blockIds += ids.length;
    if (ids.length > pool.size()) {
      tooLong++;
      return;
    }
    IntUnaryOperator tokens =
        position -> (int) (ids[position / TOKENS_PER_ID] >>> (position % TOKENS_PER_ID * 32));
    int length = ids.length * TOKENS_PER_ID;
    CachedPrefix prefix = cache.find("", tokens, length);
    hits += prefix.blocks();
    BlockTable table = new BlockTable(pool);
    cache.share(prefix, table);
    table.grow(length);
    cache.add("", tokens, table, length);
    table.release();
  }

  long requests() {
    return requests;
  }

  /** Ids of all requests together. */
  long blockIds() {
    return blockIds;
  }

  /** How many of {@link #blockIds} were cached when their request came. */
  long hits() {
    return hits;
  }

  /** Requests with more blocks than there are. */
  long tooLong() {
    return tooLong;
  }

  double hitRate() {
    return (double) hits / blockIds;
  }
}
