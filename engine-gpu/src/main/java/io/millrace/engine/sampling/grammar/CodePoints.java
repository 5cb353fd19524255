package io.millrace.engine.sampling.grammar;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * A set of characters (Unicode scalar values: halves of surrogate pairs are never in it). A value.
 *
 * @param bounds the set's ranges in order, each as its first character and the one after its last;
 *     neighbouring ranges are one
 */
record CodePoints(int[] bounds) {
  private static final int END = Character.MAX_CODE_POINT + 1;

  static final CodePoints NONE = new CodePoints(new int[0]);
  static final CodePoints ALL =
      new CodePoints(new int[] {0, Character.MIN_SURROGATE, Character.MAX_SURROGATE + 1, END});

  static CodePoints of(int codePoint) {
    return range(codePoint, codePoint);
  }

  /** From one character to another, both included. */
  static CodePoints range(int first, int last) {
    return new CodePoints(new int[] {first, last + 1}).intersect(ALL);
  }

  /** The characters of a string. */
  static CodePoints anyOf(String characters) {
    return characters.codePoints().mapToObj(CodePoints::of).reduce(NONE, CodePoints::union);
  }

  static CodePoints where(IntPredicate predicate) {
    int[] bounds = new int[16];
    int length = 0;
    boolean inside = false;
    for (int c = 0; c <= END; c++) {
      boolean in =
          c < END
              && (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
              && predicate.test(c);
      if (in != inside) {
        if (length == bounds.length) {
          bounds = Arrays.copyOf(bounds, 2 * length);
        }
        bounds[length++] = c;
        inside = in;
      }
    }
    return new CodePoints(Arrays.copyOf(bounds, length));
  }

  CodePoints union(CodePoints other) {
    return merge(other, true, true, true);
  }

  CodePoints intersect(CodePoints other) {
    return merge(other, false, true, false);
  }

  CodePoints minus(CodePoints other) {
    return merge(other, true, false, false);
  }

  CodePoints complement() {
    return ALL.minus(this);
  }

  boolean contains(int codePoint) {
    int at = Arrays.binarySearch(bounds, codePoint);
    return at >= 0 ? at % 2 == 0 : (-at - 1) % 2 == 1;
  }

  boolean isEmpty() {
    return bounds.length == 0;
  }

  /** How many ranges the set has. */
  int ranges() {
    return bounds.length / 2;
  }

  int first(int range) {
    return bounds[2 * range];
  }

  int last(int range) {
    return bounds[2 * range + 1] - 1;
  }

  /** What is kept of the characters in one set only, in both, and in the other only. */
  private CodePoints merge(CodePoints other, boolean left, boolean both, boolean right) {
    int[] merged = new int[bounds.length + other.bounds.length];
    int length = 0;
    int i = 0;
    int j = 0;
    boolean inside = false;
    while (i < bounds.length || j < other.bounds.length) {
      int at =
          Math.min(
              i < bounds.length ? bounds[i] : Integer.MAX_VALUE,
              j < other.bounds.length ? other.bounds[j] : Integer.MAX_VALUE);
      i += i < bounds.length && bounds[i] == at ? 1 : 0;
      j += j < other.bounds.length && other.bounds[j] == at ? 1 : 0;
      boolean inLeft = i % 2 == 1;
      boolean inRight = j % 2 == 1;
      boolean in = inLeft ? (inRight ? both : left) : inRight && right;
      if (in != inside) {
        merged[length++] = at;
        inside = in;
      }
    }
    return new CodePoints(Arrays.copyOf(merged, length));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CodePoints set && Arrays.equals(set.bounds, bounds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bounds);
  }

  @Override
  public String toString() {
    return "CodePoints" + Arrays.toString(bounds);
  }
}
