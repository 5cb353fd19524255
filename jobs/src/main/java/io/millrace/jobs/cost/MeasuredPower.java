package io.millrace.jobs.cost;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * Mean power, from counters of energy.
 *
 * <p>Not safe for use by several threads.
 */
final class MeasuredPower {
  private static final int WATTS_SCALE = 3;

  /** Shorter intervals are mostly the counters' own grain. */
  private static final long INTERVAL_MS_MIN = 1_000;

  /** Counts energy. */
  interface EnergyCounter {
    /**
     * Energy drawn since this was last called, or since the counter was found, microjoules.
     *
     * @throws IOException if it can no longer be read
     */
    long drawnMicrojoules() throws IOException;
  }

  private final EnergyCounter counter;
  private long lastMs;
  private BigDecimal watts;

  /**
   * @param nowMs when measuring begins
   * @param watts what counts until the first interval has passed; null if that is not known
   */
  MeasuredPower(EnergyCounter counter, long nowMs, BigDecimal watts) {
    this.counter = counter;
    this.lastMs = nowMs;
    this.watts = watts;
  }

  /**
   * Mean power over the latest interval of a second or more, watts; null before the first has
   * passed, unless that was known, and where the counters can no longer be read.
   */
  BigDecimal watts(long nowMs) {
    if (nowMs - lastMs >= INTERVAL_MS_MIN) {
      try {
        // uJ / ms = mW
        watts =
            BigDecimal.valueOf(counter.drawnMicrojoules())
                .divide(BigDecimal.valueOf(nowMs - lastMs), 0, RoundingMode.HALF_EVEN)
                .movePointLeft(WATTS_SCALE);
        lastMs = nowMs;
      } catch (IOException e) {
        watts = null;
      }
    }
    return watts;
  }
}
