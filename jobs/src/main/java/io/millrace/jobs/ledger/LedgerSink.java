package io.millrace.jobs.ledger;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;
import java.util.Collection;
import java.util.OptionalLong;
import java.util.UUID;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.metrics.MetricGroup;

/**
 * Writes rows into a ledger's files, each row once.
 *
 * <pre>
 *   writer      holds the rows of a checkpoint by day; at the barrier it writes them to pending/
 *   committer   knows the names, keeps them in the checkpoint, and moves the files to their days
 *               when the checkpoint is complete
 * </pre>
 *
 * <p>What fails before the checkpoint is complete leaves files in pending/ that no state knows of;
 * the next run removes them ({@link LedgerDirectory#removeLeftOvers}) and writes their rows again.
 * What fails after it finds the names in the committer's state, and moves what is not moved yet. A
 * job that starts with no state where files are already would write their rows a second time, so it
 * is refused.
 */
public final class LedgerSink
    implements Sink<LedgerRow>,
        SupportsCommitter<PendingFile>,
        SupportsWriterState<LedgerRow, PendingFile> {
  @Serial private static final long serialVersionUID = 1L;

  private final String directory;
  private final int rowsMax;
  private final long bytesMax;

  /**
   * @param options with the ledger's directory
   * @throws IllegalArgumentException if there is none
   */
  public LedgerSink(Configuration options) {
    this(
        options
            .getOptional(LedgerOptions.DIRECTORY)
            .map(Path::of)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "set " + LedgerOptions.DIRECTORY.key() + " to the ledger's directory")),
        options.get(LedgerOptions.FILE_ROWS_MAX),
        options.get(LedgerOptions.FILE_SIZE_MAX).getBytes());
  }

  LedgerSink(Path directory, int rowsMax, long bytesMax) {
    this.directory = directory.toAbsolutePath().normalize().toString();
    this.rowsMax = rowsMax;
    this.bytesMax = bytesMax;
  }

  @Override
  public LedgerWriter createWriter(WriterInitContext context) throws IOException {
    return writer(
        context.getTaskInfo().getIndexOfThisSubtask(),
        context.getTaskInfo().getNumberOfParallelSubtasks(),
        context.getRestoredCheckpointId(),
        context.metricGroup());
  }

  LedgerWriter writer(int subtask, int parallelism, OptionalLong restored, MetricGroup metrics)
      throws IOException {
    LedgerDirectory ledger = new LedgerDirectory(Path.of(directory));
    if (restored.isEmpty()) {
      requireEmpty(ledger);
    }
    ledger.create();
    long checkpoint = restored.orElse(0);
    ledger.removeLeftOvers(subtask, parallelism, checkpoint);
    String run = UUID.randomUUID().toString().substring(0, 8);
    return new LedgerWriter(
        ledger,
        (before, number) -> LedgerDirectory.partName(subtask, before, run, number),
        checkpoint,
        rowsMax,
        bytesMax,
        metrics);
  }

  /** The writer's state is empty: it only wants to be told of checkpoints. */
  @Override
  public StatefulSinkWriter<LedgerRow, PendingFile> restoreWriter(
      WriterInitContext context, Collection<PendingFile> none) throws IOException {
    return createWriter(context);
  }

  @Override
  public SimpleVersionedSerializer<PendingFile> getWriterStateSerializer() {
    return new PendingFile.Serializer();
  }

  @Override
  public Committer<PendingFile> createCommitter(CommitterInitContext context) {
    return new LedgerCommitter(
        new LedgerDirectory(Path.of(directory)), System::currentTimeMillis, context.metricGroup());
  }

  @Override
  public SimpleVersionedSerializer<PendingFile> getCommittableSerializer() {
    return new PendingFile.Serializer();
  }

  private static void requireEmpty(LedgerDirectory ledger) throws IOException {
    try {
      if (ledger.isLedger() && !LedgerFiles.in(ledger.root(), null, null).isEmpty()) {
        throw new IOException(
            "the ledger "
                + ledger.root()
                + " has files, and the job starts without a checkpoint: it would write their rows"
                + " a second time. Start it from its newest checkpoint, or with another "
                + LedgerOptions.DIRECTORY.key());
      }
    } catch (LedgerException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}
