package io.millrace.jobs.anomaly;

/** Watches a signal above 0 whose rise is told by a ratio: levels are logarithms. */
abstract class RatioWatch extends LevelWatch {

  @Override
  double level(double value) {
    return Math.log(value);
  }

  @Override
  double valueOf(double level) {
    return Math.exp(level);
  }

  @Override
  boolean stays(double value, double expected) {
    return value >= 1.3 * expected;
  }

  @Override
  boolean critical(double value, double expected) {
    return value >= 5 * expected;
  }
}
