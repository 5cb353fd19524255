package io.millrace.engine.tokenizer.jinja;

import java.util.ArrayList;
import java.util.List;

/** Python's slices: {@code [start:end:step]}. */
final class Slices {
  private Slices() {}

  static Object slice(Object of, Object start, Object end, Object step) {
    if (of instanceof String text) {
      int[] codePoints = text.codePoints().toArray();
      StringBuilder part = new StringBuilder();
      for (int i : places(codePoints.length, start, end, step)) {
        part.appendCodePoint(codePoints[i]);
      }
      return part.toString();
    }
    if (of instanceof List<?> list) {
      List<Object> part = new ArrayList<>();
      for (int i : places(list.size(), start, end, step)) {
        part.add(list.get(i));
      }
      return of instanceof Tuple ? new Tuple(part) : part;
    }
    throw of instanceof Undefined undefined
        ? undefined.failure()
        : new JinjaException("takes a slice of what is neither text nor list");
  }

  private static int[] places(int length, Object start, Object end, Object step) {
    long by = bound(step, 1);
    if (by == 0) {
      throw new JinjaException("a slice's step is 0");
    }
    boolean up = by > 0;
    long first = clamp(bound(start, up ? 0 : length - 1L), start == null, length, up);
    long last = clamp(bound(end, up ? length : -1L), end == null, length, up);
    List<Integer> places = new ArrayList<>();
    for (long i = first; up ? i < last : i > last; i += by) {
      places.add((int) i);
    }
    return places.stream().mapToInt(Integer::intValue).toArray();
  }

  private static long clamp(long bound, boolean absent, int length, boolean up) {
    long place = bound < 0 && !absent ? bound + length : bound;
    return up ? Math.max(0, Math.min(place, length)) : Math.max(-1, Math.min(place, length - 1L));
  }

  private static long bound(Object value, long absent) {
    if (value == null) {
      return absent;
    }
    if (value instanceof Long number && Math.abs(number) < Integer.MAX_VALUE) {
      return number;
    }
    throw new JinjaException("a slice's bound is not a whole number");
  }
}
