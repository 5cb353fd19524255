package io.millrace.engine.sampling.grammar;

import java.util.ArrayList;
import java.util.List;

/**
 * All sequences of digits from a lowest to a highest one, of equal length and in lexicographic
 * order, as a graph. What a digit is its user says: a byte of UTF-8, a hexadecimal digit, half a
 * surrogate pair.
 */
final class DigitRange {

  /** Writes one digit of a range, and goes on. */
  interface DigitWriter {
    int write(int position, int low, int high, int next);
  }

  private final GraphBuilder graph;
  private final int lowest;
  private final int highest;
  private final DigitWriter writer;

  /**
   * @param lowest the lowest digit at any position but the first
   * @param highest the highest such digit
   */
  DigitRange(GraphBuilder graph, int lowest, int highest, DigitWriter writer) {
    this.graph = graph;
    this.lowest = lowest;
    this.highest = highest;
    this.writer = writer;
  }

  int between(int[] low, int[] high, int next) {
    return from(0, low, high, next);
  }

  /** Where the digits so far equal those of both bounds; null is a bound that is passed. */
  private int from(int position, int[] low, int[] high, int next) {
    int length = low == null ? (high == null ? 0 : high.length) : low.length;
    if (position == length) {
      return next;
    }
    int first = low == null ? lowest : low[position];
    int last = high == null ? highest : high[position];
    if (low != null && high != null && first == last) {
      return writer.write(position, first, last, from(position + 1, low, high, next));
    }
    List<Integer> ways = new ArrayList<>();
    boolean lowTight = low != null && !allFrom(low, position + 1, lowest);
    boolean highTight = high != null && !allFrom(high, position + 1, highest);
    if (lowTight) {
      ways.add(writer.write(position, first, first, from(position + 1, low, null, next)));
      first++;
    }
    if (highTight) {
      ways.add(writer.write(position, last, last, from(position + 1, null, high, next)));
      last--;
    }
    if (first <= last) {
      ways.add(writer.write(position, first, last, free(position + 1, length, next)));
    }
    return graph.choice(ways);
  }

  private int free(int position, int length, int next) {
    return position == length
        ? next
        : writer.write(position, lowest, highest, free(position + 1, length, next));
  }

  private static boolean allFrom(int[] digits, int position, int value) {
    for (int i = position; i < digits.length; i++) {
      if (digits[i] != value) {
        return false;
      }
    }
    return true;
  }
}
