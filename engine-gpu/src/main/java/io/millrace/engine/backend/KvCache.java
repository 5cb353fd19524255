package io.millrace.engine.backend;

/**
 * Keys and values of one model, in blocks of consecutive tokens. Which sequence owns which block is
 * bookkeeping of the host; the cache only knows slots: block id x block tokens + offset.
 */
public interface KvCache extends AutoCloseable {

  /** What it keeps of keys and values. */
  KvType type();

  /** Number of blocks; block ids are 0 to this, exclusive. */
  int blocks();

  /** Tokens in one block. */
  int blockTokens();

  /** Bytes of memory the cache takes. */
  long bytes();

  /** Frees the memory. */
  @Override
  void close();
}
