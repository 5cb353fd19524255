package io.millrace.engine.tokenizer;

import java.util.Arrays;

/** A priority queue of longs: the smallest comes out first. */
final class LongHeap {
  private long[] keys = new long[64];
  private int size;

  boolean isEmpty() {
    return size == 0;
  }

  void add(long key) {
    if (size == keys.length) {
      keys = Arrays.copyOf(keys, size + (size >> 1));
    }
    int at = size++;
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (keys[parent] <= key) {
        break;
      }
      keys[at] = keys[parent];
      at = parent;
    }
    keys[at] = key;
  }

  /** Removes and returns the smallest key. The heap must not be empty. */
  long remove() {
    long smallest = keys[0];
    long last = keys[--size];
    int at = 0;
    for (int child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && keys[child + 1] < keys[child]) {
        child++;
      }
      if (last <= keys[child]) {
        break;
      }
      keys[at] = keys[child];
      at = child;
    }
    keys[at] = last;
    return smallest;
  }
}
