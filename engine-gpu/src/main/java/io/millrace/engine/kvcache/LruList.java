package io.millrace.engine.kvcache;

/**
 * Some of the numbers 0 to size, exclusive, in the order in which they were added; every operation
 * takes constant time. A doubly linked ring over two arrays, closed by a node of its own.
 */
final class LruList {
  private static final int ABSENT = -1;

  private final int end;
  private final int[] next;
  private final int[] previous;
  private int count;

  LruList(int size) {
    end = size;
    next = new int[size + 1];
    previous = new int[size + 1];
    for (int i = 0; i < size; i++) {
      next[i] = ABSENT;
    }
    next[end] = end;
    previous[end] = end;
  }

  /** Adds an element that is absent, as the most recent. */
  void add(int element) {
    link(previous[end], element);
    link(element, end);
    count++;
  }

  /** Removes an element that is present. */
  void remove(int element) {
    link(previous[element], next[element]);
    next[element] = ABSENT;
    count--;
  }

  /** Removes and returns the least recent element of a list that is not empty. */
  int pollOldest() {
    int oldest = next[end];
    remove(oldest);
    return oldest;
  }

  boolean contains(int element) {
    return next[element] != ABSENT;
  }

  int count() {
    return count;
  }

  private void link(int from, int to) {
    next[from] = to;
    previous[to] = from;
  }
}
