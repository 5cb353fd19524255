package io.millrace.engine.tokenizer;

import java.util.Arrays;

/**
 * Merges neighbouring symbols, the pair of the lowest rank first, the leftmost first among equals,
 * until no pair can be merged: the common core of byte-pair encoding and of SentencePiece's BPE.
 *
 * <p>A text of n units takes O(n log n) time. Not thread-safe; reused from text to text.
 */
final class SymbolMerger {
  /** What {@link Pairs#merge} returns for two symbols that do not merge. */
  static final long NONE = -1;

  private static final int NO_RANK = -1;

  /** Which pairs merge. */
  @FunctionalInterface
  interface Pairs {
    /**
     * Looks a pair up. The left symbol covers the units from {@code start} to {@code middle}, the
     * right one those from {@code middle} to {@code end}.
     *
     * @return {@link #merged} of the pair's rank and symbol, or {@link #NONE}
     */
    long merge(int start, int middle, int end, int leftSymbol, int rightSymbol);
  }

  /** Receives the symbols that are left, in order. */
  @FunctionalInterface
  interface Sink {
    void accept(int start, int end, int symbol);
  }

  private final LongHeap heap = new LongHeap();

  // One entry per unit; meaningful where a symbol starts.
  private int[] symbols = new int[0];
  private int[] previous = new int[0];
  private int[] next = new int[0];

  /** Rank of the pair that starts here and the symbol it would become. */
  private int[] pairRank = new int[0];

  private int[] pairSymbol = new int[0];

  static long merged(int rank, int symbol) {
    return (long) rank << 32 | symbol;
  }

  /** An array for the symbols of the next {@link #merge}, one per unit. */
  int[] symbols(int units) {
    if (symbols.length < units) {
      int capacity = Math.max(units, Math.min(2 * symbols.length, 1 << 20));
      symbols = new int[capacity];
      previous = new int[capacity];
      next = new int[capacity];
      pairRank = new int[capacity];
      pairSymbol = new int[capacity];
    }
    return symbols;
  }

  /** Merges the first {@code units} of {@link #symbols} and hands on what is left. */
  void merge(int units, Pairs pairs, Sink sink) {
    for (int i = 0; i < units; i++) {
      previous[i] = i - 1;
      next[i] = i + 1;
    }
    Arrays.fill(pairRank, 0, units, NO_RANK);
    for (int i = 0; i + 1 < units; i++) {
      offer(i, units, pairs);
    }
    while (!heap.isEmpty()) {
      long key = heap.remove();
      int left = (int) key;
      if (pairRank[left] != (int) (key >>> 32)) {
        continue; // one of the two has merged with another since
      }
      int right = next[left];
      symbols[left] = pairSymbol[left];
      next[left] = next[right];
      if (next[right] < units) {
        previous[next[right]] = left;
      }
      pairRank[right] = NO_RANK;
      offer(left, units, pairs);
      if (previous[left] >= 0) {
        offer(previous[left], units, pairs);
      }
    }
    for (int i = 0; i < units; i = next[i]) {
      sink.accept(i, next[i], symbols[i]);
    }
  }

  private void offer(int left, int units, Pairs pairs) {
    int right = next[left];
    pairRank[left] = NO_RANK;
    if (right >= units) {
      return;
    }
    long merged = pairs.merge(left, right, next[right], symbols[left], symbols[right]);
    if (merged != NONE) {
      pairRank[left] = (int) (merged >>> 32);
      pairSymbol[left] = (int) merged;
      heap.add(merged >>> 32 << 32 | left);
    }
  }
}
