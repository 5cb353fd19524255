package io.millrace.engine.quant;

/** To the nearest integer. */
final class Rounding {
  /** 1.5 x 2^23: adding it to a small number rounds that to an integer. */
  private static final float SHIFT = 0x1.8p23f;

  private Rounding() {}

  /** Halves to even; of numbers of a magnitude below 2^22. */
  static int nearest(float x) {
    return (int) (x + SHIFT - SHIFT);
  }
}
