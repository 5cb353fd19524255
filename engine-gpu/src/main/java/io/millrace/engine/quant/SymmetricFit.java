package io.millrace.engine.quant;

/**
 * Finds the scale of a sub-block: the least squared error of {@code scale * q}, weighted by the
 * elements' squares, with q from {@code -levels} to {@code levels - 1}.
 */
final class SymmetricFit {
  private static final int TRIALS = 9;

  private SymmetricFit() {}

  /** The scale that suits the {@code length} elements from {@code at} on; 0 if they are all 0. */
  static float scale(float[] x, int at, int length, int levels) {
    float largest = 0;
    for (int i = at; i < at + length; i++) {
      largest = Math.abs(x[i]) > Math.abs(largest) ? x[i] : largest;
    }
    if (Math.abs(largest) < 1e-15f) { // what ggml takes for 0
      return 0;
    }
    float best = 0;
    float bestGain = 0;
    for (int trial = -TRIALS; trial <= TRIALS; trial++) {
      // The largest element falls on -levels, or a little beside it.
      float inverse = -(levels + 0.1f * trial) / largest;
      float sumXq = 0;
      float sumQq = 0;
      for (int i = at; i < at + length; i++) {
        int q = Math.max(-levels, Math.min(levels - 1, Rounding.nearest(x[i] * inverse)));
        float w = x[i] * x[i];
        sumXq += w * x[i] * q;
        sumQq += w * q * q;
      }
      // With the scale sumXq / sumQq, the error is a constant less sumXq^2 / sumQq.
      if (sumQq > 0 && sumXq * sumXq > bestGain * sumQq) {
        best = sumXq / sumQq;
        bestGain = best * sumXq;
      }
    }
    return best;
  }
}
