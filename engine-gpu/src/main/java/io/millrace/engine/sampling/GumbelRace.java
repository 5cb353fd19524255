package io.millrace.engine.sampling;

/**
 * Draws one token in proportion to {@code exp(logit)} by the Gumbel-max trick: the token with the
 * greatest {@code logit + noise} wins, the noise being Gumbel-distributed and independent for each
 * token (Maddison, Tarlow, Minka, "A* Sampling", 2014).
 *
 * <p>The noise has no state: it is a hash of (seed, choice, position, token), so that a token's
 * noise is the same however often, in whatever order and company it is asked for. The hash is
 * SplitMix64's (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014,
 * with Stafford's variant 13 of the finaliser), whose n-th output can be computed directly: the
 * seed selects a stream, its output number {@code choice} a second one, whose output number {@code
 * position} a third, and that one's output number {@code token} is the noise.
 */
final class GumbelRace {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;
  private static final double LN_2 = 0.6931471805599453;

  /** More than the rounding error of the bound in {@link #offer}. */
  private static final double BOUND_SLACK = 1e-12;

  private final long stream;
  private double bestScore = Double.NEGATIVE_INFINITY;
  private int winner = -1;

  GumbelRace(long seed, int choice, int position) {
    this.stream = output(output(seed, choice), position);
  }

  /** Lets a token take part. The order of offers does not matter. */
  void offer(int token, double logit) {
    // Uniform in (0, 1), in steps of 2^-53: exact, and finest where the noise is greatest.
    double uniform = ((output(stream, token) >>> 11) + 0.5) * 0x1p-53;
    // The noise is -ln(-ln(1 - u)), and -ln(1 - u) >= u >= 2^exponent(u). So this bound, which
    // takes no logarithm, rules out almost every token of a large vocabulary.
    double bound = -Math.getExponent(uniform) * LN_2 + BOUND_SLACK;
    if (logit + bound < bestScore) {
      return;
    }
    double score = logit + gumbel(uniform);
    if (score > bestScore || (score == bestScore && token < winner)) {
      bestScore = score;
      winner = token;
    }
  }

  /** The token drawn, or -1 if none of a probability above 0 was offered. */
  int winner() {
    return winner;
  }

  /** StrictMath: the same token on every platform. */
  private static double gumbel(double uniform) {
    return -StrictMath.log(-StrictMath.log1p(-uniform));
  }

  /** Output {@code index} (from 0) of a SplitMix64 generator in this state. */
  static long output(long state, long index) {
    long z = state + (index + 1) * GOLDEN_GAMMA;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
