package io.millrace.engine;

/**
 * Splits a whole amount by weights so that the parts are whole and sum to it exactly (Hamilton's
 * method): each gets its share rounded down, and what is left goes, one by one, to the largest
 * fractions cut off, of equal ones to the first.
 */
final class LargestRemainder {
  private LargestRemainder() {}

  /**
   * @param amount at least 0
   * @param weights none negative, at least one positive
   * @return the part of each weight
   */
  static long[] split(long amount, int[] weights) {
    long total = 0;
    for (int weight : weights) {
      total += weight;
    }
    long[] parts = new long[weights.length];
    long[] remainders = new long[weights.length];
    long left = amount;
    for (int i = 0; i < weights.length; i++) {
      // amount x weight / total, without overflow.
      long scaled = amount % total * weights[i];
      parts[i] = amount / total * weights[i] + scaled / total;
      remainders[i] = scaled % total;
      left -= parts[i];
    }
    for (; left > 0; left--) {
      int largest = 0;
      for (int i = 1; i < weights.length; i++) {
        if (remainders[i] > remainders[largest]) {
          largest = i;
        }
      }
      parts[largest]++;
      remainders[largest] = -1;
    }
    return parts;
  }
}
