package io.millrace.jobs.generate;

import java.time.Duration;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;

/**
 * Tells those after the vertex what time it is: nothing that follows is older. Times are multiples
 * of the interval, so that the tasks of a vertex, and of all of them, tell the same ones. The
 * task's thread only; the vertex's own rows have the time at which they are emitted.
 */
final class TimeMarks {
  private final ProcessingTimeService clock;
  private final Output<?> output;
  private final long intervalMs;
  private long lastMs = Long.MIN_VALUE;

  TimeMarks(ProcessingTimeService clock, Output<?> output, Duration interval) {
    this.clock = clock;
    this.output = output;
    this.intervalMs = interval.toMillis();
  }

  /** Tells the time from the next multiple on. */
  void start() {
    long next = multiple(clock.getCurrentProcessingTime()) + intervalMs;
    var unused = clock.registerTimer(next, due -> tell());
  }

  private void tell() {
    // A clock may be set back.
    long mark = multiple(clock.getCurrentProcessingTime());
    if (mark > lastMs) {
      lastMs = mark;
      output.emitWatermark(new Watermark(mark));
    }
    start();
  }

  private long multiple(long timeMs) {
    return timeMs - Math.floorMod(timeMs, intervalMs);
  }
}
