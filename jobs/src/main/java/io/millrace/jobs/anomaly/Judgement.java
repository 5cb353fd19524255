package io.millrace.jobs.anomaly;

/**
 * What a watch says of one window.
 *
 * @param anomalous whether an alert opens, or one that is open stays
 * @param critical whether to look at it now rather than today
 * @param value the signal in the window, in the signal's unit
 * @param expected what was expected, in the signal's unit; NaN if that is not known
 * @param score standard deviations away from it, or how many times as much
 */
record Judgement(boolean anomalous, boolean critical, double value, double expected, double score) {
  /** Nothing to report, or too little seen to say. */
  static final Judgement CALM = new Judgement(false, false, 0, Double.NaN, 0);

  static Judgement calm(double value, double expected, double score) {
    return new Judgement(false, false, value, expected, score);
  }
}
