package io.millrace.jobs.anomaly;

import io.millrace.schemas.AnomalySeverity;
import io.millrace.schemas.AnomalyState;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * The life of a watch's alerts: closed, open while windows are anomalous, resolved after {@link
 * #CALM_WINDOWS} calm ones in a row. It says something when it opens, becomes critical, or is over.
 */
final class Alert {
  /** Calm windows that end an alert: one more than a moment's recovery. */
  private static final int CALM_WINDOWS = 2;

  /** After so many windows, what is anomalous is the new normal. */
  static final int WINDOWS_MAX = 60;

  private static final long CLOSED = Long.MIN_VALUE;

  private long firstMs = CLOSED;
  private int windows;
  private int calm;
  private boolean critical;

  boolean open() {
    return firstMs != CLOSED;
  }

  /** Start of the first window of the alert that is open, or was last. */
  long firstMs() {
    return firstMs;
  }

  AnomalySeverity severity() {
    return critical ? AnomalySeverity.critical : AnomalySeverity.warning;
  }

  /** Whether it has been open for so long that it is no anomaly any more. */
  boolean worn() {
    return open() && windows >= WINDOWS_MAX;
  }

  /** What a window changes; null for nothing. */
  AnomalyState step(Judgement judgement, long windowStartMs) {
    if (!open()) {
      if (!judgement.anomalous()) {
        return null;
      }
      firstMs = windowStartMs;
      windows = 1;
      calm = 0;
      critical = judgement.critical();
      return AnomalyState.open;
    }
    windows++;
    calm = judgement.anomalous() ? 0 : calm + 1;
    if (calm >= CALM_WINDOWS || worn()) {
      return AnomalyState.resolved;
    }
    if (judgement.anomalous() && judgement.critical() && !critical) {
      critical = true;
      return AnomalyState.update;
    }
    return null;
  }

  /** After it was said that it is over. */
  void close() {
    firstMs = CLOSED;
  }

  void write(DataOutput out) throws IOException {
    out.writeLong(firstMs);
    out.writeByte(windows);
    out.writeByte(calm);
    out.writeBoolean(critical);
  }

  void read(DataInput in) throws IOException {
    firstMs = in.readLong();
    windows = in.readUnsignedByte();
    calm = in.readUnsignedByte();
    critical = in.readBoolean();
  }
}
