package io.millrace.engine.speculative;

import io.millrace.engine.kvcache.BlockPool;
import io.millrace.engine.kvcache.BlockTable;
import io.millrace.engine.model.BatchLayout;

/** How far a draft model is with one sequence: its own blocks and what is computed in them. */
final class DraftContext {
  private final BlockTable blockTable;

  /** The last one asked for; its tokens are in the blocks, as far as they were computed. */
  private Draft draft;

  private int computed;

  DraftContext(BlockPool pool) {
    this.blockTable = new BlockTable(pool);
  }

  /**
   * Starts the next draft. Of what was computed for the last one that part stays which the sequence
   * took over; its last token is to be computed in any case, for the logits.
   */
  void begin(Draft next) {
    int valid = Math.min(computed, next.length() - 1);
    for (int p = draft == null ? 0 : draft.base(); p < valid; p++) {
      if (draft.token(p) != next.token(p)) {
        valid = p;
      }
    }
    computed = valid;
    draft = next;
  }

  /** Takes blocks for all that a full draft computes, if there are as many. */
  boolean reserve() {
    return blockTable.grow(positionsMax());
  }

  /** Positions that a full draft computes: its last token is not fed back. */
  int positionsMax() {
    return draft.length() - draft.size() + draft.tokensMax() - 1;
  }

  /**
   * Adds tokens not yet computed to a batch, which counts as computing them.
   *
   * @param tokensMax most of them, at least 1
   * @return whether these are all, so that their last row's logits are in the batch
   */
  boolean compute(int tokensMax, BatchLayout layout) {
    int from = computed;
    computed = Math.min(draft.length(), from + tokensMax);
    boolean all = computed == draft.length();
    layout.add(draft, from, computed, blockTable, all ? 1 : 0);
    return all;
  }

  Draft draft() {
    return draft;
  }

  /** Positions computed, those of a rejected draft perhaps included. */
  int computed() {
    return computed;
  }

  void release() {
    blockTable.release();
  }
}
