package io.millrace.engine.convert;

/**
 * Rows of about normal numbers that are a function of seed, tensor and row alone: whichever thread
 * asks, in whichever order.
 *
 * <p>A number is the sum of the four quarters of a 64-bit word of SplitMix64: bell-shaped, and
 * never beyond 3.5 deviations.
 */
final class RandomRows implements RowSource {
  private static final long STEP = 0x9E3779B97F4A7C15L;

  /** Of the sum of four numbers that are each equally likely to be 0 to 65535. */
  private static final float SUM_MEAN = 2 * 65535f;

  private static final float SUM_DEVIATION = 37837.2f;

  private final long key;
  private final float mean;
  private final float deviation;

  /**
   * @param tensor the tensor's place in the file
   */
  RandomRows(long seed, int tensor, float mean, float deviation) {
    this.key = mix(mix(seed) + tensor);
    this.mean = mean;
    this.deviation = deviation;
  }

  @Override
  public void read(long row, float[] into) {
    float factor = deviation / SUM_DEVIATION;
    long state = mix(key + row);
    for (int i = 0; i < into.length; i++) {
      state += STEP;
      long bits = mix(state);
      long sum = (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
      into[i] = mean + (sum - SUM_MEAN) * factor;
    }
  }

  /** The finaliser of SplitMix64 (Steele, Lea, Flood 2014). */
  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
