package io.millrace.jobs.ledger;

import io.millrace.jobs.metrics.LlmMetric;
import java.io.IOException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;

/**
 * Holds rows by day until a checkpoint, and then writes each day's into a file; see {@link
 * LedgerSink}. When it holds too much, the day with the most rows is written at once.
 */
final class LedgerWriter
    implements StatefulSinkWriter<LedgerRow, PendingFile>,
        CommittingSinkWriter<LedgerRow, PendingFile> {

  /** About what a row takes on the heap without its texts: numbers, times, amounts. */
  private static final int ROW_BYTES = 1_024;

  /** Names of files, unlike all others. */
  interface Names {
    /**
     * @param checkpoint the latest before the file
     * @param number of the file among those of this writer
     */
    String next(long checkpoint, long number);
  }

  private final LedgerDirectory ledger;
  private final Names names;
  private final int rowsMax;
  private final long bytesMax;
  private final Counter rowsWritten;
  private final Counter rowsTotal;

  private final Map<LocalDate, Held> byDay = new TreeMap<>();
  private final List<PendingFile> written = new ArrayList<>();
  private long checkpoint;
  private long number;
  private int rows;
  private long bytes;

  /** Rows of a day. */
  private static final class Held {
    private final List<LedgerRow> rows = new ArrayList<>();
    private long bytes;
  }

  /**
   * @param restoredCheckpoint from which the job goes on
   */
  LedgerWriter(
      LedgerDirectory ledger,
      Names names,
      long restoredCheckpoint,
      int rowsMax,
      long bytesMax,
      MetricGroup metrics) {
    this.ledger = ledger;
    this.names = names;
    this.checkpoint = restoredCheckpoint;
    this.rowsMax = rowsMax;
    this.bytesMax = bytesMax;
    this.rowsWritten = metrics.counter("ledgerRows");
    this.rowsTotal = metrics.counter(LlmMetric.LEDGER_ROWS.exactName());
  }

  @Override
  public void write(LedgerRow row, Context context) throws IOException {
    long size = sizeOf(row);
    Held held = byDay.computeIfAbsent(row.day(), day -> new Held());
    held.rows.add(row);
    held.bytes += size;
    rows++;
    bytes += size;
    if (rows >= rowsMax || bytes >= bytesMax) {
      writeDay(
          byDay.entrySet().stream()
              .max(Comparator.comparingInt(day -> day.getValue().rows.size()))
              .orElseThrow()
              .getKey());
    }
  }

  /** Files belong to a checkpoint, and this does not say that there is one. */
  @Override
  public void flush(boolean endOfInput) {}

  @Override
  public Collection<PendingFile> prepareCommit() throws IOException {
    for (LocalDate day : List.copyOf(byDay.keySet())) {
      writeDay(day);
    }
    List<PendingFile> files = List.copyOf(written);
    if (!files.isEmpty()) {
      LedgerDirectory.sync(ledger.pending());
    }
    written.clear();
    return files;
  }

  @Override
  public List<PendingFile> snapshotState(long checkpointId) {
    checkpoint = checkpointId;
    return List.of();
  }

  @Override
  public void close() {
    byDay.clear();
  }

  private void writeDay(LocalDate day) throws IOException {
    Held held = byDay.remove(day);
    PendingFile file = new PendingFile(names.next(checkpoint, ++number), day);
    ArrowPart.write(ledger.pending(file.name()), held.rows);
    written.add(file);
    rows -= held.rows.size();
    bytes -= held.bytes;
    rowsWritten.inc(held.rows.size());
    rowsTotal.inc(held.rows.size());
  }

  private static long sizeOf(LedgerRow row) {
    return ROW_BYTES
        + length(row.event().getRequestId())
        + length(row.event().getTraceparent())
        + length(row.event().getTenant())
        + length(row.event().getPriceVersion())
        + length(row.event().getPriceSource());
  }

  private static long length(String text) {
    return text == null ? 0 : 2L * text.length();
  }
}
