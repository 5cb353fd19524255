package io.millrace.jobs.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many files become one, and each row stays once at every moment. */
class CompactionTest {
  private static final LocalDate DAY = SampleRows.DAY;

  private final SampleRows samples = new SampleRows(2);
  private final List<LedgerRow> rows = new ArrayList<>();
  @TempDir private Path ledger;
  private LedgerDirectory directory;
  private int parts;

  @BeforeEach
  void create() throws Exception {
    directory = new LedgerDirectory(ledger);
    directory.create();
  }

  @Test
  void partsOfADayBecomeOneParquetFileWithTheSameRows() throws Exception {
    for (int i = 0; i < 5; i++) {
      part(DAY, 40);
    }
    part(DAY.plusDays(1), 7);

    List<Compaction.Compacted> compacted = new Compaction(ledger).before(DAY.plusDays(1));

    assertThat(compacted).hasSize(1);
    assertThat(compacted.get(0).day()).isEqualTo(DAY);
    assertThat(compacted.get(0).files()).isEqualTo(5);
    assertThat(compacted.get(0).rows()).isEqualTo(200);
    assertThat(names(DAY)).containsExactly("compact-1.parquet", "compact-1.replaces");
    assertThat(names(DAY.plusDays(1))).hasSize(1);
    assertThat(directory.pending()).isEmptyDirectory();
    LedgerSums.assertHolds(ledger, rows);
    assertThat(new Compaction(ledger).before(DAY.plusDays(1))).isEmpty();
  }

  @Test
  void rowsThatComeLateJoinTheirDay() throws Exception {
    part(DAY, 10);
    compact();
    part(DAY, 3);
    LedgerSums.assertHolds(ledger, rows);

    assertThat(compact()).singleElement().extracting(c -> c.rows()).isEqualTo(13L);

    assertThat(names(DAY)).containsExactly("compact-2.parquet", "compact-2.replaces");
    LedgerSums.assertHolds(ledger, rows);
  }

  @Test
  void anEndBetweenTwoStepsLeavesEachRowOnce() throws Exception {
    part(DAY, 10);
    part(DAY, 10);
    Path folder = directory.folder(DAY);
    byte[] first = Files.readAllBytes(folder.resolve(names(DAY).get(0)));
    String firstName = names(DAY).get(0);
    compact();

    // As if it had ended before it deleted what it replaced.
    Files.write(folder.resolve(firstName), first);
    LedgerSums.assertHolds(ledger, rows);
    // As if it had ended between the list and the file.
    Files.write(folder.resolve("compact-2.replaces"), List.of("compact-1.parquet"));
    LedgerSums.assertHolds(ledger, rows);

    part(DAY, 1);
    compact();
    assertThat(names(DAY)).containsExactly("compact-3.parquet", "compact-3.replaces");
    LedgerSums.assertHolds(ledger, rows);
  }

  @Test
  void aFileThatIsCommittedAgainAfterItWasCompactedStaysCompacted() throws Exception {
    PendingFile file = part(DAY, 10);
    part(DAY, 10);
    compact();
    part(DAY, 1);
    compact();

    directory.publish(file);

    LedgerSums.assertHolds(ledger, rows);
  }

  @Test
  void whoReadsMeanwhileSeesEachRowOnce() throws Exception {
    for (int i = 0; i < 8; i++) {
      part(DAY.plusDays(i % 2), 20);
    }
    AtomicBoolean over = new AtomicBoolean();
    CompletableFuture<Integer> reads =
        CompletableFuture.supplyAsync(
            () -> {
              int count = 0;
              while (!over.get() || count == 0) {
                try (LedgerReader reader = LedgerReader.open(ledger)) {
                  assertThat(LedgerSums.count(reader)).isEqualTo(160);
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
                count++;
              }
              return count;
            });
    compact();
    over.set(true);

    assertThat(reads.join()).isPositive();
    LedgerSums.assertHolds(ledger, rows);
  }

  @Test
  void twoDoNotRunAtOnce() throws Exception {
    part(DAY, 1);
    try (FileChannel channel =
            FileChannel.open(
                directory.lockFile(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      assertThat(lock.isValid()).isTrue();
      assertThatThrownBy(this::compact)
          .isInstanceOf(LedgerException.class)
          .hasMessage("another compaction of " + ledger + " is running");
    }
    assertThat(compact()).hasSize(1);
  }

  private List<Compaction.Compacted> compact() throws LedgerException {
    return new Compaction(ledger).before(LocalDate.MAX);
  }

  private PendingFile part(LocalDate day, int count) throws Exception {
    List<LedgerRow> part = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      part.add(samples.next(day));
    }
    PendingFile file = new PendingFile(LedgerDirectory.partName(0, 1, "0123abcd", ++parts), day);
    ArrowPart.write(directory.pending(file.name()), part);
    directory.publish(file);
    rows.addAll(part);
    return file;
  }

  private List<String> names(LocalDate day) throws Exception {
    return List.copyOf(LedgerDirectory.names(directory.folder(day)));
  }
}
