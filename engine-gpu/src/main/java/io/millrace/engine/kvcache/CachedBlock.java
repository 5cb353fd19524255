package io.millrace.engine.kvcache;

import java.util.Arrays;

/**
 * A full block of computed tokens, as the prefix cache finds it again. Its keys and values depend
 * on all tokens before it, so what it is equal to is: the same tokens, after the same parent, under
 * the same salt.
 *
 * <p>Equality compares the tokens themselves, and the parent by reference: exact by induction, with
 * no trust in a hash. The hash only chooses where to look; collisions cost time, never an answer.
 */
final class CachedBlock {
  private static final long GOLDEN_RATIO = 0x9e3779b97f4a7c15L;

  private final CachedBlock parent;
  private final String salt;
  private final int[] tokens;
  private final int block;
  private final long hash;

  /**
   * @param parent the block before it, or null for a first one
   * @param salt kept apart from blocks under any other
   * @param tokens the ids of its tokens; not copied, not changed
   * @param block where the keys and values are
   */
  CachedBlock(CachedBlock parent, String salt, int[] tokens, int block) {
    this.parent = parent;
    this.salt = salt;
    this.tokens = tokens;
    this.block = block;
    long chained = parent == null ? salt.hashCode() : parent.hash;
    for (int token : tokens) {
      chained = (chained ^ token) * GOLDEN_RATIO;
      chained ^= chained >>> 32;
    }
    this.hash = chained;
  }

  CachedBlock parent() {
    return parent;
  }

  int block() {
    return block;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CachedBlock that
        && hash == that.hash
        && parent == that.parent
        && salt.equals(that.salt)
        && Arrays.equals(tokens, that.tokens);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(hash);
  }
}
