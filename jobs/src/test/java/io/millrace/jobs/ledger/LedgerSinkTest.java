package io.millrace.jobs.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.jobs.metrics.LlmText;
import io.millrace.jobs.metrics.ShownMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.connector.sink2.Committer.CommitRequest;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writer and committer, with ends between any two of their steps. */
class LedgerSinkTest {
  private static final long MEBIBYTE = 1 << 20;

  private final SampleRows samples = new SampleRows(3);
  private final List<LedgerRow> committed = new ArrayList<>();
  @TempDir private Path folder;
  private final AtomicLong nowMs = new AtomicLong(1_500);
  private Path ledger;
  private LedgerDirectory directory;

  @BeforeEach
  void create() {
    ledger = folder.resolve("ledger");
    directory = new LedgerDirectory(ledger);
  }

  @Test
  void rowsAreThereWhenTheirCheckpointIsComplete() throws Exception {
    LedgerWriter writer = writer(100, OptionalLong.empty());
    List<LedgerRow> rows = write(writer, 7);
    Collection<PendingFile> files = writer.prepareCommit();
    writer.snapshotState(1);
    assertThat(files).hasSize(1);
    LedgerSums.assertHolds(ledger, List.of());

    commit(files);

    LedgerSums.assertHolds(ledger, rows);
    assertThat(writer.prepareCommit()).as("nothing new, no file").isEmpty();
  }

  @Test
  void metricsTellOfRowsAndOfTheNewestCommit() throws Exception {
    LlmText page = new LlmText();
    LedgerCommitter committer = new LedgerCommitter(directory, nowMs::get, new ShownMetrics(page));
    String newest = "llm_ledger_last_commit_timestamp_seconds{}";
    assertThat(ShownMetrics.samples(page.scrape())).as("the start").containsEntry(newest, 1.5);

    LedgerWriter writer =
        new LedgerSink(ledger, 100, MEBIBYTE)
            .writer(0, 1, OptionalLong.empty(), new ShownMetrics(page));
    write(writer, 7);
    nowMs.set(9_000);
    commit(committer, writer.prepareCommit());
    assertThat(ShownMetrics.samples(page.scrape()))
        .containsEntry("llm_ledger_rows_total{}", 7.0)
        .containsEntry(newest, 9.0);
  }

  @Test
  void aDayIsAFileAndSoIsWhatIsAboveTheBound() throws Exception {
    LedgerWriter writer = writer(10, OptionalLong.empty());
    write(writer, 15);
    assertThat(pending()).as("written before the checkpoint").hasSize(1);
    LedgerRow other = samples.next(SampleRows.DAY.plusDays(1));
    writer.write(other, null);
    committed.add(other);

    Collection<PendingFile> files = writer.prepareCommit();
    commit(files);

    assertThat(files)
        .extracting(PendingFile::day)
        .containsExactly(SampleRows.DAY, SampleRows.DAY, SampleRows.DAY.plusDays(1));
    LedgerSums.assertHolds(ledger, committed);
  }

  @Test
  void bytesAreBoundedToo() throws Exception {
    LedgerWriter writer = writer(1_000_000, OptionalLong.empty());
    write(writer, 1_000);

    assertThat(pending()).as("at most a row a KiB").hasSize(1);
  }

  @Test
  void anEndBeforeTheCheckpointLeavesNothing() throws Exception {
    LedgerWriter first = writer(100, OptionalLong.empty());
    commit(checkpoint(first, 4, 1));
    List<LedgerRow> lost = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      lost.add(samples.next());
      first.write(lost.get(i), null);
    }
    first.prepareCommit();
    assertThat(pending()).hasSize(1);

    LedgerWriter second = writer(100, OptionalLong.of(1));
    assertThat(pending()).isEmpty();
    for (LedgerRow row : lost) {
      second.write(row, null);
    }
    commit(second.prepareCommit());

    committed.addAll(lost);
    LedgerSums.assertHolds(ledger, committed);
  }

  @Test
  void anEndAfterTheCheckpointCommitsWhatIsNotCommitted() throws Exception {
    LedgerWriter first = writer(3, OptionalLong.empty());
    List<PendingFile> files = List.copyOf(checkpoint(first, 8, 1));
    assertThat(files).hasSize(3);
    commit(files.subList(0, 1));
    // The file of a checkpoint that was never complete.
    write(first, 3);
    committed.subList(8, 11).clear();

    PendingFile.Serializer state = new PendingFile.Serializer();
    List<PendingFile> restored = new ArrayList<>();
    for (PendingFile file : files) {
      restored.add(state.deserialize(state.getVersion(), state.serialize(file)));
    }
    writer(3, OptionalLong.of(1));
    commit(restored);

    assertThat(pending()).isEmpty();
    LedgerSums.assertHolds(ledger, committed);
    commit(restored);
    LedgerSums.assertHolds(ledger, committed);
  }

  @Test
  void aFileThatIsNowhereIsAnError() throws Exception {
    Collection<PendingFile> files = checkpoint(writer(100, OptionalLong.empty()), 1, 1);
    for (PendingFile file : files) {
      Files.delete(directory.pending(file.name()));
    }

    assertThatThrownBy(() -> commit(files))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is neither in")
        .hasMessageContaining("its rows are lost");
  }

  @Test
  void leavesWhatOtherSubtasksAreWriting() throws Exception {
    LedgerSink sink = new LedgerSink(ledger, 2, MEBIBYTE);
    LedgerWriter other =
        sink.writer(
            1, 2, OptionalLong.of(5), UnregisteredMetricsGroup.createSinkWriterMetricGroup());
    write(other, 2);
    LedgerWriter gone =
        sink.writer(
            2, 3, OptionalLong.of(5), UnregisteredMetricsGroup.createSinkWriterMetricGroup());
    write(gone, 2);
    Files.writeString(directory.pending().resolve("somebody-elses.tmp"), "");
    assertThat(pending()).hasSize(3);

    sink.writer(0, 2, OptionalLong.of(5), UnregisteredMetricsGroup.createSinkWriterMetricGroup());

    assertThat(pending()).hasSize(2).anyMatch(name -> name.startsWith("part-1-5-"));
  }

  @Test
  void refusesToWriteRowsASecondTime() throws Exception {
    commit(checkpoint(writer(100, OptionalLong.empty()), 1, 1));

    assertThatThrownBy(() -> writer(100, OptionalLong.empty()))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("the ledger " + ledger + " has files, and the job starts without")
        .hasMessageContaining(LedgerOptions.DIRECTORY.key());
  }

  private LedgerWriter writer(int rowsMax, OptionalLong restored) throws IOException {
    return new LedgerSink(ledger, rowsMax, MEBIBYTE)
        .writer(0, 1, restored, UnregisteredMetricsGroup.createSinkWriterMetricGroup());
  }

  private Collection<PendingFile> checkpoint(LedgerWriter writer, int rows, long id)
      throws IOException {
    write(writer, rows);
    Collection<PendingFile> files = writer.prepareCommit();
    writer.snapshotState(id);
    return files;
  }

  private List<LedgerRow> write(LedgerWriter writer, int count) throws IOException {
    List<LedgerRow> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(samples.next());
      writer.write(rows.get(i), null);
    }
    committed.addAll(rows);
    return rows;
  }

  private void commit(Collection<PendingFile> files) throws IOException {
    commit(new LedgerCommitter(directory, nowMs::get, new UnregisteredMetricsGroup()), files);
  }

  private static void commit(LedgerCommitter committer, Collection<PendingFile> files)
      throws IOException {
    List<CommitRequest<PendingFile>> requests = new ArrayList<>();
    files.forEach(file -> requests.add(new Request(file)));
    committer.commit(requests);
  }

  private Collection<String> pending() throws IOException {
    return LedgerDirectory.names(directory.pending());
  }

  /** A commit that must not be put off. */
  private record Request(PendingFile getCommittable) implements CommitRequest<PendingFile> {
    @Override
    public int getNumberOfRetries() {
      return 0;
    }

    @Override
    public void signalFailedWithKnownReason(Throwable t) {
      throw new AssertionError(t);
    }

    @Override
    public void signalFailedWithUnknownReason(Throwable t) {
      throw new AssertionError(t);
    }

    @Override
    public void retryLater() {
      throw new AssertionError("put off");
    }

    @Override
    public void updateAndRetryLater(PendingFile file) {
      throw new AssertionError("put off");
    }

    @Override
    public void signalAlreadyCommitted() {}
  }
}
