package io.millrace.engine.remote;

import java.util.random.RandomGenerator;

/**
 * How long to wait before a retry: twice as long each time, up to a bound, and somewhere in the
 * upper half of that, so that those that failed together do not come back together.
 */
final class Backoff {
  private static final long FIRST_MS = 500;
  private static final long LONGEST_MS = 30_000;
  private static final int DOUBLINGS_MAX = 16;

  private Backoff() {}

  /**
   * @param retry from 1
   * @param askedMs what the server asked for, -1 if nothing: never less is waited
   */
  static long delayMs(int retry, long askedMs, RandomGenerator random) {
    long full = Math.min(LONGEST_MS, FIRST_MS << Math.min(retry - 1, DOUBLINGS_MAX));
    long jittered = full / 2 + random.nextLong(full / 2 + 1);
    return askedMs < 0 ? jittered : askedMs + random.nextLong(FIRST_MS / 2 + 1);
  }
}
