package io.millrace.engine.kvcache;

/**
 * How much of a sequence the prefix cache holds, from the first token on. Valid until the pool's
 * next change.
 */
public final class CachedPrefix {

  /** Nothing is cached. */
  public static final CachedPrefix NONE = new CachedPrefix(null, 0, 0);

  private final CachedBlock last;
  private final int blocks;
  private final int idleBlocks;

  CachedPrefix(CachedBlock last, int blocks, int idleBlocks) {
    this.last = last;
    this.blocks = blocks;
    this.idleBlocks = idleBlocks;
  }

  /** Full blocks found. */
  public int blocks() {
    return blocks;
  }

  /** How many of them nobody uses at present: sharing them takes as many available blocks. */
  public int idleBlocks() {
    return idleBlocks;
  }

  CachedBlock last() {
    return last;
  }
}
