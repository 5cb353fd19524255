package io.millrace.engine.backend.cpu;

import io.millrace.engine.backend.RopePairs;

/** Rotary position embedding of one row, in place. */
final class Rope {

  private Rope() {}

  /**
   * Writes {@code magnitude * [cos, sin]} of every pair's angle at a position, from {@code at} on.
   */
  static void angles(
      int position, float[] frequencies, int pairs, float magnitude, float[] out, int at) {
    for (int i = 0; i < pairs; i++) {
      double angle = position * (double) frequencies[i];
      out[at + 2 * i] = (float) (magnitude * Math.cos(angle));
      out[at + 2 * i + 1] = (float) (magnitude * Math.sin(angle));
    }
  }

  /**
   * Turns one head.
   *
   * @param x holds the head from {@code at} on
   * @param angles holds {@code [pairs][cos, sin]} from {@code anglesAt} on
   */
  static void rotate(RopePairs layout, int pairs, float[] angles, int anglesAt, float[] x, int at) {
    boolean interleaved = layout == RopePairs.INTERLEAVED;
    int step = interleaved ? 2 : 1;
    int apart = interleaved ? 1 : pairs;
    for (int i = 0; i < pairs; i++) {
      float cos = angles[anglesAt + 2 * i];
      float sin = angles[anglesAt + 2 * i + 1];
      int a = at + step * i;
      float first = x[a];
      float second = x[a + apart];
      x[a] = first * cos - second * sin;
      x[a + apart] = first * sin + second * cos;
    }
  }
}
