package io.millrace.engine.quant;

/**
 * Finds scale and minimum of a sub-block: the least weighted squared error of {@code scale * q +
 * min} with q from 0 to a maximum, and a minimum that is not above 0.
 *
 * <p>Each trial rounds the elements from the best minimum so far, with a slightly different step,
 * then solves for the scale and minimum that suit those integers best; the best is kept. Weights
 * grow with an element's magnitude, so that the large ones, which products notice, come out better.
 */
final class AffineFit {
  private final int length;
  private final int qMax;
  private final float firstTrial;
  private final int trials;
  private final float[] weights;
  private final int[] candidate;
  private final int[] best;

  float scale;

  /** 0 or less. */
  float min;

  /**
   * @param length elements of a sub-block
   * @param qMax the greatest integer
   * @param firstTrial steps of the first trial, besides {@code qMax}; each next one has 0.1 more
   * @param trials how many are tried
   */
  AffineFit(int length, int qMax, float firstTrial, int trials) {
    this.length = length;
    this.qMax = qMax;
    this.firstTrial = firstTrial;
    this.trials = trials;
    this.weights = new float[length];
    this.candidate = new int[length];
    this.best = new int[length];
  }

  /** Fits the sub-block that starts at {@code at}. */
  void fit(float[] x, int at) {
    float least = Math.min(0, x[at]);
    float greatest = x[at];
    float squares = 0;
    for (int i = at; i < at + length; i++) {
      least = Math.min(least, x[i]);
      greatest = Math.max(greatest, x[i]);
      squares += x[i] * x[i];
    }
    min = least;
    scale = 0;
    if (greatest <= least || greatest - least < Float.MIN_NORMAL * 256) {
      return; // all elements are the same number, 0 or less, or as good as that
    }
    float rms = (float) Math.sqrt(squares / length);
    for (int i = 0; i < length; i++) {
      weights[i] = rms + Math.abs(x[at + i]);
    }
    scale = (greatest - least) / qMax;
    round(x, at, 1 / scale, least, best);
    float leastError = error(x, at, best, scale, min);
    for (int trial = 0; trial <= trials; trial++) {
      float steps = qMax + firstTrial + 0.1f * trial;
      round(x, at, steps / (greatest - min), min, candidate);
      leastError = solve(x, at, leastError);
    }
  }

  private void round(float[] x, int at, float inverse, float from, int[] q) {
    for (int i = 0; i < length; i++) {
      int level = Rounding.nearest((x[at + i] - from) * inverse);
      q[i] = Math.max(0, Math.min(qMax, level));
    }
  }

  /** Solves the weighted normal equations for the candidate, and keeps the result if better. */
  private float solve(float[] x, int at, float leastError) {
    float sumW = 0;
    float sumQ = 0;
    float sumQq = 0;
    float sumX = 0;
    float sumXq = 0;
    for (int i = 0; i < length; i++) {
      float w = weights[i];
      int q = candidate[i];
      sumW += w;
      sumQ += w * q;
      sumQq += w * q * q;
      sumX += w * x[at + i];
      sumXq += w * q * x[at + i];
    }
    float determinant = sumW * sumQq - sumQ * sumQ;
    if (determinant <= 0) {
      return leastError;
    }
    float newScale = (sumW * sumXq - sumX * sumQ) / determinant;
    float newMin = (sumQq * sumX - sumQ * sumXq) / determinant;
    if (newMin > 0) {
      newMin = 0;
      newScale = sumXq / sumQq;
    }
    float newError = error(x, at, candidate, newScale, newMin);
    if (!(newError < leastError)) {
      return leastError;
    }
    scale = newScale;
    min = newMin;
    return newError;
  }

  private float error(float[] x, int at, int[] q, float newScale, float newMin) {
    float error = 0;
    for (int i = 0; i < length; i++) {
      float difference = newScale * q[i] + newMin - x[at + i];
      error += weights[i] * difference * difference;
    }
    return error;
  }
}
