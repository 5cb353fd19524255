package io.millrace.engine.scheduler;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;

/**
 * Sequences that wait, with nothing else to stop them, because another that runs is computing at
 * this moment what they begin with: the other choices of a prompt, and prompts with a long common
 * beginning that come together. When it is through with it they find it in the prefix cache, and it
 * is computed once.
 *
 * <p>It pays if at least half of what a sequence has to compute is saved. Nobody waits for long: a
 * sequence waits so once only, for one that comes before it by the policy, which therefore computes
 * at least as fast as it could itself; and who stops running is waited for no longer. Not
 * thread-safe.
 */
final class PrefixAwaiters {
  private final int blockTokens;
  private final Comparator<Sequence> policy;
  private final List<Awaiter> awaiters = new ArrayList<>();

  /** Waits until so many tokens of the other are computed. */
  private record Awaiter(Sequence sequence, Sequence computing, int tokens) {}

  /**
   * @param blockTokens tokens in one KV block: only whole ones are shared
   * @param policy who comes first of two sequences
   */
  PrefixAwaiters(int blockTokens, Comparator<Sequence> policy) {
    this.blockTokens = blockTokens;
    this.policy = policy;
  }

  /**
   * Has a sequence that would join wait, if one that runs computes enough of its beginning.
   *
   * @param cachedTokens how many of its first tokens the cache already has
   * @return whether it waits now
   */
  boolean await(Sequence sequence, int cachedTokens, List<Sequence> running) {
    if (sequence.hasAwaitedPrefix()) {
      return false;
    }
    int worthwhile = cachedTokens + (sequence.length() - cachedTokens + 1) / 2;
    for (Sequence other : running) {
      if (other.pendingTokens() >= blockTokens
          && other.cacheSalt().equals(sequence.cacheSalt())
          && policy.compare(other, sequence) < 0) {
        int common = common(sequence, other);
        if (common >= worthwhile && common > other.computedTokens()) {
          sequence.awaitPrefix();
          awaiters.add(new Awaiter(sequence, other, common));
          return true;
        }
      }
    }
    return false;
  }

  /** Takes out those who need not wait any more. */
  List<Sequence> takeReady(List<Sequence> running) {
    List<Sequence> ready = new ArrayList<>();
    for (Iterator<Awaiter> all = awaiters.iterator(); all.hasNext(); ) {
      Awaiter awaiter = all.next();
      boolean computed = awaiter.computing.computedTokens() >= awaiter.tokens;
      if (computed || !running.contains(awaiter.computing)) {
        ready.add(awaiter.sequence);
        all.remove();
      }
    }
    return ready;
  }

  void remove(Sequence sequence) {
    awaiters.removeIf(awaiter -> awaiter.sequence == sequence);
  }

  int size() {
    return awaiters.size();
  }

  /** Tokens in the whole blocks that both begin with; the last token is always computed. */
  private int common(Sequence sequence, Sequence other) {
    int max = Math.min(sequence.length() - 1, other.length());
    int common = 0;
    while (common < max && sequence.token(common) == other.token(common)) {
      common++;
    }
    return common / blockTokens * blockTokens;
  }
}
