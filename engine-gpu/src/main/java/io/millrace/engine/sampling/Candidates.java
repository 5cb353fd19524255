package io.millrace.engine.sampling;

import java.util.Arrays;

/**
 * The tokens that may be drawn, each with its logit; cut down to the most likely ones without
 * sorting the vocabulary. Most likely first means the greater logit first, and of equal logits the
 * lower id: a total order, so that every cut keeps one well-defined set.
 *
 * <p>A candidate is one long whose ascending order is that order: the complement of the logit's
 * order-preserving bits above, the id below.
 */
final class Candidates {
  /** How many candidates top-p sorts at first; most distributions need no more. */
  private static final int TOP_P_SORTED_FIRST = 128;

  private final long[] keys;
  private int size;

  Candidates(int vocabSize) {
    this.keys = new long[vocabSize];
  }

  /** Starts anew with every token whose logit is at least this; never one of minus infinity. */
  void fill(float[] logits, int offset, int vocabSize, double minLogit) {
    size = 0;
    for (int id = 0; id < vocabSize; id++) {
      float logit = logits[offset + id];
      if (logit >= minLogit && logit != Float.NEGATIVE_INFINITY) {
        keys[size++] = key(logit, id);
      }
    }
  }

  int size() {
    return size;
  }

  int id(int index) {
    return (int) keys[index];
  }

  float logit(int index) {
    int order = ~(int) (keys[index] >> 32);
    return Float.intBitsToFloat(order ^ ((order >> 31) & 0x7fffffff));
  }

  /** Keeps the {@code k} most likely, in no particular order. */
  void keepTop(int k) {
    if (k < size) {
      select(0, size, k);
      size = k;
    }
  }

  /** Keeps the {@code k} most likely, most likely first. */
  void keepTopSorted(int k) {
    keepTop(k);
    Arrays.sort(keys, 0, size);
  }

  /**
   * Keeps the smallest set of the most likely whose probabilities, under the softmax of the
   * candidates' logits over the temperature, sum to at least {@code p}.
   *
   * @param maxLogit the greatest logit
   */
  void keepTopP(double p, double maxLogit, double temperature) {
    double total = 0;
    for (int i = 0; i < size; i++) {
      total += Math.exp((logit(i) - maxLogit) / temperature);
    }
    double sum = 0;
    int sorted = 0;
    while (sorted < size) {
      int next = (int) Math.min(size, Math.max(TOP_P_SORTED_FIRST, 4L * sorted));
      select(sorted, size, next);
      Arrays.sort(keys, sorted, next);
      for (; sorted < next; sorted++) {
        sum += Math.exp((logit(sorted) - maxLogit) / temperature);
        if (sum >= p * total) {
          size = sorted + 1;
          return;
        }
      }
    }
  }

  /** Adding 0 makes one zero of the two, so that they tie. */
  private static long key(float logit, int id) {
    int bits = Float.floatToRawIntBits(logit + 0f);
    int order = bits ^ ((bits >> 31) & 0x7fffffff);
    return ((long) ~order << 32) | id;
  }

  /**
   * Rearranges the keys of {@code [from, to)} so that those before {@code k} are the least (Hoare's
   * quickselect). Unlucky pivots end in a sort instead of quadratic time.
   */
  private void select(int from, int to, int k) {
    int low = from;
    int high = to - 1;
    int roundsLeft = 2 * (32 - Integer.numberOfLeadingZeros(to - from));
    while (low < high && k > low && k <= high) {
      if (roundsLeft-- == 0) {
        Arrays.sort(keys, low, high + 1);
        return;
      }
      long pivot = median(keys[low], keys[(low + high) >>> 1], keys[high]);
      int i = low;
      int j = high;
      while (i <= j) {
        while (keys[i] < pivot) {
          i++;
        }
        while (keys[j] > pivot) {
          j--;
        }
        if (i <= j) {
          long swapped = keys[i];
          keys[i++] = keys[j];
          keys[j--] = swapped;
        }
      }
      // Now [low, j] <= pivot <= [i, high], and what lies between them is in its place.
      if (k <= j) {
        high = j;
      } else if (k >= i) {
        low = i;
      } else {
        return;
      }
    }
  }

  private static long median(long a, long b, long c) {
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }
}
