package io.millrace.engine.bench;

import java.io.IOException;
import java.time.LocalDate;
import java.time.ZoneOffset;

/** Adds what one device does to the results. */
final class BenchLog {
  private final BenchResults results;
  private final String device;
  private int failed;

  BenchLog(BenchResults results, String device) {
    this.results = results;
    this.device = device;
  }

  /** Something that can fail for want of memory. */
  interface Measurement {
    void run() throws IOException;
  }

  void add(
      BenchModel model,
      String measure,
      int batch,
      double value,
      String unit,
      double limit,
      String note)
      throws IOException {
    String today = LocalDate.now(ZoneOffset.UTC).toString();
    results.add(
        new BenchRow(
            "millrace", device, today, model.name(), measure, batch, value, unit, limit, note));
  }

  /** Runs a measurement; one that fails becomes a row that says why, and the next has its turn. */
  void attempt(BenchModel model, String measure, int batch, String unit, Measurement measurement)
      throws IOException {
    try {
      measurement.run();
    } catch (IllegalStateException e) {
      failed++;
      add(model, measure, batch, Double.NaN, unit, Double.NaN, "failed: " + e.getMessage());
    }
  }

  /** Measurements that failed so far. */
  int failed() {
    return failed;
  }
}
