package io.millrace.jobs.anomaly;

import java.io.IOException;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * What one tenant did with one model within one window of event time. At most 1,010 bytes, usually
 * under 250.
 */
final class WindowTotals {
  private static final int VERSION = 1;
  private static final double PICO = 1e12;
  private static final int BYTES_USUAL = 256;

  final long startMs;

  /** Requests that were settled. */
  int requests;

  int errors;

  /** Requests that a model answered. */
  int generated;

  /** Answers that ended at their limit of tokens. */
  int cutOff;

  /** Whole numbers add up to the same in any order. At most 9 million USD. */
  private long picoUsd;

  long outputTokensMax;
  long drafted;
  long accepted;

  /** Of generated answers, from admission to the end. */
  final LogHistogram latencyMs = new LogHistogram();

  /** Of generated answers. */
  final LogHistogram outputTokens = new LogHistogram();

  WindowTotals(long startMs) {
    this.startMs = startMs;
  }

  void add(CostSample sample) {
    picoUsd += Math.round(sample.usd() * PICO);
    drafted += sample.drafted();
    accepted += sample.accepted();
    if (!sample.settled()) {
      return;
    }
    requests++;
    errors += sample.error() ? 1 : 0;
    if (sample.generated() && !sample.error()) {
      generated++;
      cutOff += sample.cutOff() ? 1 : 0;
      outputTokens.add(sample.outputTokens());
      outputTokensMax = Math.max(outputTokensMax, sample.outputTokens());
      if (sample.totalMs() >= 0) {
        latencyMs.add(sample.totalMs());
      }
    }
  }

  double usd() {
    return picoUsd / PICO;
  }

  byte[] toBytes() throws IOException {
    DataOutputSerializer out = new DataOutputSerializer(BYTES_USUAL);
    out.writeByte(VERSION);
    out.writeLong(startMs);
    out.writeInt(requests);
    out.writeInt(errors);
    out.writeInt(generated);
    out.writeInt(cutOff);
    out.writeLong(picoUsd);
    out.writeLong(outputTokensMax);
    out.writeLong(drafted);
    out.writeLong(accepted);
    latencyMs.write(out);
    outputTokens.write(out);
    return out.getCopyOfBuffer();
  }

  /**
   * Takes what {@link #toBytes} gave.
   *
   * @throws IOException if a later version of the program wrote it
   */
  static WindowTotals ofBytes(byte[] bytes) throws IOException {
    DataInputDeserializer in = new DataInputDeserializer(bytes);
    int version = in.readUnsignedByte();
    if (version != VERSION) {
      throw new IOException("state of a window has version " + version);
    }
    WindowTotals totals = new WindowTotals(in.readLong());
    totals.requests = in.readInt();
    totals.errors = in.readInt();
    totals.generated = in.readInt();
    totals.cutOff = in.readInt();
    totals.picoUsd = in.readLong();
    totals.outputTokensMax = in.readLong();
    totals.drafted = in.readLong();
    totals.accepted = in.readLong();
    totals.latencyMs.read(in);
    totals.outputTokens.read(in);
    return totals;
  }
}
