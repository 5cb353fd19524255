package io.millrace.jobs.ledger;

import java.io.IOException;
import java.io.Serial;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** A ledger sink whose first commits fail: before anything is moved, or when one file is. */
public final class FailingLedgerSink
    implements Sink<LedgerRow>,
        SupportsCommitter<PendingFile>,
        SupportsWriterState<LedgerRow, PendingFile> {
  @Serial private static final long serialVersionUID = 1L;
  private static final AtomicInteger FAILURES = new AtomicInteger();

  private final LedgerSink sink;

  public FailingLedgerSink(Configuration options) {
    sink = new LedgerSink(options);
  }

  /** How many commits are to fail. */
  public static void failures(int count) {
    FAILURES.set(count);
  }

  /** How many are still to fail. */
  public static int failures() {
    return FAILURES.get();
  }

  @Override
  public LedgerWriter createWriter(WriterInitContext context) throws IOException {
    return sink.createWriter(context);
  }

  @Override
  public StatefulSinkWriter<LedgerRow, PendingFile> restoreWriter(
      WriterInitContext context, Collection<PendingFile> state) throws IOException {
    return sink.restoreWriter(context, state);
  }

  @Override
  public SimpleVersionedSerializer<PendingFile> getWriterStateSerializer() {
    return sink.getWriterStateSerializer();
  }

  @Override
  public SimpleVersionedSerializer<PendingFile> getCommittableSerializer() {
    return sink.getCommittableSerializer();
  }

  @Override
  public Committer<PendingFile> createCommitter(CommitterInitContext context) {
    Committer<PendingFile> committer = sink.createCommitter(context);
    return new Committer<>() {
      @Override
      public void commit(Collection<CommitRequest<PendingFile>> requests)
          throws IOException, InterruptedException {
        if (!requests.isEmpty() && FAILURES.get() > 0) {
          boolean halfWay = FAILURES.getAndDecrement() == 1;
          committer.commit(halfWay ? List.of(requests.iterator().next()) : List.of());
          throw new IOException("a commit of the test that fails");
        }
        committer.commit(requests);
      }

      @Override
      public void close() throws Exception {
        committer.close();
      }
    };
  }
}
