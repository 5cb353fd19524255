package io.millrace.engine.tokenizer;

import java.util.Arrays;

/** A fixed-capacity map of longs to longs that are not negative, by open addressing. */
final class LongLongMap {
  static final long ABSENT = -1;

  private final long[] keys;
  private final long[] values;
  private final int mask;

  /**
   * @param capacity most entries it will hold
   */
  LongLongMap(int capacity) {
    int slots = Integer.highestOneBit(Math.max(4, capacity)) * 4;
    keys = new long[slots];
    values = new long[slots];
    mask = slots - 1;
    Arrays.fill(values, ABSENT);
  }

  /** Adds an entry unless the key is there. */
  void putIfAbsent(long key, long value) {
    int slot = slot(key);
    if (values[slot] == ABSENT) {
      keys[slot] = key;
      values[slot] = value;
    }
  }

  /** The key's value, or {@link #ABSENT}. */
  long get(long key) {
    return values[slot(key)];
  }

  private int slot(long key) {
    long hash = key * 0x9E3779B97F4A7C15L;
    int slot = (int) (hash >>> 32) & mask;
    while (values[slot] != ABSENT && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}
