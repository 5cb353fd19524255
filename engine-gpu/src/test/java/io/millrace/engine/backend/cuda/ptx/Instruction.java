package io.millrace.engine.backend.cuda.ptx;

/**
 * One instruction, ready to run.
 *
 * @param guard index of the predicate that decides which threads run it, or -1 for all
 * @param step what it does; null for branches, returns and barriers
 * @param target index of the instruction that a branch goes to
 * @param slot for {@link Kind#CONVERGED}: 32-bit registers with the lanes that must come together,
 *     or -1 for all of the warp. For {@link Kind#BARRIER}: which barrier, from 0
 * @param threads of a barrier: how many it waits for, or -1 for all of the block
 */
record Instruction(
    Kind kind,
    PtxStatement source,
    int guard,
    boolean negated,
    Step step,
    int target,
    int slot,
    int threads) {

  enum Kind {
    /** Each lane runs it by itself. */
    PLAIN,
    /** The named lanes run it together: they wait for each other. */
    CONVERGED,
    BRANCH,
    RETURN,
    BARRIER
  }
}
