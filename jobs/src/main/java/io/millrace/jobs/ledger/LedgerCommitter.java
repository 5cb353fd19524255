package io.millrace.jobs.ledger;

import io.millrace.jobs.metrics.LlmMetric;
import java.io.IOException;
import java.time.LocalDate;
import java.util.Collection;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;

/** Moves files to their days once their checkpoint is complete; see {@link LedgerSink}. */
final class LedgerCommitter implements Committer<PendingFile> {
  private final LedgerDirectory ledger;
  private final LongSupplier clockMs;
  private final Counter files;
  private volatile long lastCommitMs;

  LedgerCommitter(LedgerDirectory ledger, LongSupplier clockMs, MetricGroup metrics) {
    this.ledger = ledger;
    this.clockMs = clockMs;
    this.files = metrics.counter("ledgerFiles");
    metrics.gauge("ledgerLastCommitMs", () -> lastCommitMs);
    long startMs = clockMs.getAsLong();
    metrics.gauge(
        LlmMetric.LEDGER_LAST_COMMIT.exactName(),
        () -> (lastCommitMs == 0 ? startMs : lastCommitMs) / 1000.0);
  }

  @Override
  public void commit(Collection<CommitRequest<PendingFile>> requests) throws IOException {
    TreeSet<LocalDate> days = new TreeSet<>();
    for (CommitRequest<PendingFile> request : requests) {
      ledger.publish(request.getCommittable());
      days.add(request.getCommittable().day());
      files.inc();
    }
    for (LocalDate day : days) {
      LedgerDirectory.sync(ledger.folder(day));
    }
    if (!days.isEmpty()) {
      lastCommitMs = clockMs.getAsLong();
    }
  }

  @Override
  public void close() {}
}
