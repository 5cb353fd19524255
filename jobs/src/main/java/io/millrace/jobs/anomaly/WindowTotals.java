package io.millrace.jobs.anomaly;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** What one tenant did with one model within one window of event time. At most 1,010 bytes, usually under 250. */
final class WindowTotals {
  final long startMs;

  /** Requests that were settled. */
  int requests;

  int errors;

  /** Requests that a model answered. */
  int generated;

  /** Answers that ended at their limit of tokens. */
  int cutOff;

  double usd;
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
    usd += sample.usd();
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

  void write(DataOutput out) throws IOException {
    out.writeLong(startMs);
    out.writeInt(requests);
    out.writeInt(errors);
    out.writeInt(generated);
    out.writeInt(cutOff);
    out.writeDouble(usd);
    out.writeLong(outputTokensMax);
    out.writeLong(drafted);
    out.writeLong(accepted);
    latencyMs.write(out);
    outputTokens.write(out);
  }

  static WindowTotals read(DataInput in) throws IOException {
    WindowTotals totals = new WindowTotals(in.readLong());
    totals.requests = in.readInt();
    totals.errors = in.readInt();
    totals.generated = in.readInt();
    totals.cutOff = in.readInt();
    totals.usd = in.readDouble();
    totals.outputTokensMax = in.readLong();
    totals.drafted = in.readLong();
    totals.accepted = in.readLong();
    totals.latencyMs.read(in);
    totals.outputTokens.read(in);
    return totals;
  }
}
