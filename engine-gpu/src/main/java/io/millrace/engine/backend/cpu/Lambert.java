package io.millrace.engine.backend.cpu;

/**
 * Lambert's continued fraction {@code tanh z = z / (1 + z^2 / (3 + z^2 / (5 + ...)))}, cut after 13
 * terms and written as {@code z P(z^2) / Q(z^2)}. All coefficients are positive, so that nothing
 * cancels: in float32 the error is below 4e-7 relative, near 0 as well.
 */
final class Lambert {
  /** Where tanh is 1 in float32, and the fraction still exact enough. */
  static final float ARGUMENT_MAX = 9f;

  static final int DEGREE = 6;

  /** P, from the constant term up. */
  static final float[] NUMERATOR = new float[DEGREE + 1];

  /** Q, from the constant term up. */
  static final float[] DENOMINATOR = new float[DEGREE + 1];

  private static final int TERMS = 2 * DEGREE + 1;

  static {
    // From the innermost term out: c + y / (q / p) = (c q + y p) / q.
    double[] q = new double[DEGREE + 2];
    double[] p = new double[DEGREE + 2];
    q[0] = 2 * TERMS - 1;
    p[0] = 1;
    for (int term = TERMS - 1; term >= 1; term--) {
      double[] next = new double[DEGREE + 2];
      for (int k = 0; k < next.length; k++) {
        next[k] = (2 * term - 1) * q[k] + (k > 0 ? p[k - 1] : 0);
      }
      p = q;
      q = next;
    }
    for (int k = 0; k <= DEGREE; k++) {
      NUMERATOR[k] = (float) (p[k] / q[0]);
      DENOMINATOR[k] = (float) (q[k] / q[0]);
    }
  }

  private Lambert() {}
}
