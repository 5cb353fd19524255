package io.millrace.jobs.anomaly;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Watches one signal of one tenant and model, window by window in the order of time, empty ones
 * too. A window opens an alert only if it is unlikely <em>and</em> matters: every watch has a gate,
 * a smallest effect and a smallest volume. State is bounded, and a function of the windows only. A
 * new watch is a class, and a line in {@link Watches}.
 */
interface Watch {

  /**
   * Names the detector in alerts and in the state: lower-case words with hyphens; never changed.
   */
  String name();

  /** What is watched, with its unit last. */
  String signal();

  /**
   * Judges a window, and learns from it if it is calm.
   *
   * @param open whether the alert of this watch is open: it then takes less to stay than to open
   */
  Judgement judge(WindowTotals window, boolean open);

  /** Takes what is now for normal: the alert has been open for so long that it is. */
  void accept();

  /** Writes all that was learnt. */
  void write(DataOutput out) throws IOException;

  /** Takes what {@link #write} wrote. */
  void read(DataInput in) throws IOException;
}
