package io.millrace.engine.bench;

/**
 * One thing that was measured: a line of the results.
 *
 * @param by who: {@code millrace}, or a peer's name
 * @param device the name of what computed
 * @param date in UTC, {@code 2026-11-24}
 * @param model shape and type, {@code 8b-q4_0}
 * @param measure what, {@code decode}
 * @param batch sequences at once
 * @param value the median, in the unit; NaN if it could not be measured
 * @param unit {@code tokens/s} or {@code us}
 * @param limit the least or most that the device or the model of cost allows, calculated, in the
 *     unit; NaN if there is none
 * @param note what else there is to know, or empty
 */
record BenchRow(
    String by,
    String device,
    String date,
    String model,
    String measure,
    int batch,
    double value,
    String unit,
    double limit,
    String note) {

  /** Of what the limit allows: 1 is all. NaN without a limit. */
  double share() {
    return unit.equals("us") ? limit / value : value / limit;
  }
}
