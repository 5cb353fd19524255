package io.millrace.jobs.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.schemas.CostEvent;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.compression.CompressionUtil;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows come back as they were written. */
class LedgerReaderTest {
  private final SampleRows samples = new SampleRows(1);
  @TempDir private Path ledger;
  private LedgerDirectory directory;

  @BeforeEach
  void create() throws Exception {
    directory = new LedgerDirectory(ledger);
    directory.create();
  }

  @Test
  void sumsWhatTenantsSpent() throws Exception {
    List<LedgerRow> rows = write(1, SampleRows.DAY, 200);

    try (LedgerReader reader = LedgerReader.open(ledger);
        Statement sql = reader.connection().createStatement();
        ResultSet result =
            sql.executeQuery(
                "SELECT tenant, sum(total_usd) AS usd, count(*) - count(total_usd) AS unpriced"
                    + " FROM ledger WHERE kind = 'request' GROUP BY tenant ORDER BY tenant")) {
      int tenants = 0;
      for (; result.next(); tenants++) {
        String tenant = result.getString("tenant");
        List<BigDecimal> spent =
            rows.stream()
                .map(LedgerRow::event)
                .filter(event -> tenant.equals(event.getTenant()))
                .map(CostEvent::getTotalUsd)
                .toList();
        assertThat(result.getBigDecimal("usd")).isEqualTo(LedgerSums.sum(spent));
        assertThat(result.getLong("unpriced"))
            .isEqualTo(spent.stream().filter(Objects::isNull).count());
      }
      assertThat(tenants).isEqualTo(5);
    }
  }

  @Test
  void everyColumnOfEveryRowComesBack() throws Exception {
    // More than a batch of vectors, so that dictionaries are shared by batches.
    List<LedgerRow> rows = new ArrayList<>(write(1, SampleRows.DAY, 9_000));
    rows.addAll(write(2, SampleRows.DAY.plusDays(1), 10));

    LedgerSums.assertHolds(ledger, rows);
  }

  @Test
  void everyFieldOfACostRowHasADocumentedColumn() {
    List<String> columns = LedgerColumns.all().stream().map(LedgerColumns.Column::name).toList();

    CostEvent.getClassSchema().getFields().stream()
        .map(field -> field.name().equals("source") ? "source_offset" : field.name())
        .forEach(field -> assertThat(columns).contains(field));
    assertThat(columns).doesNotHaveDuplicates();
    assertThat(LedgerColumns.all())
        .allSatisfy(column -> assertThat(column.doc()).as(column.name()).isNotBlank());
  }

  @Test
  void readsTheDaysThatAreAskedFor() throws Exception {
    for (int day = 0; day < 4; day++) {
      write(day + 1, SampleRows.DAY.plusDays(day), 1);
    }
    LocalDate day = SampleRows.DAY;

    assertThat(LedgerFiles.in(ledger, null, null)).hasSize(4);
    assertThat(LedgerFiles.in(ledger, day.plusDays(1), day.plusDays(2)))
        .extracting(LedgerFiles.File::day)
        .containsExactly(day.plusDays(1), day.plusDays(2));
    try (LedgerReader reader = LedgerReader.open(ledger, day.plusDays(9), null)) {
      assertThat(reader.files()).isEmpty();
      assertThat(LedgerSums.count(reader)).isZero();
    }
  }

  @Test
  void whatIsNotCommittedIsNotThere() throws Exception {
    ArrowPart.write(directory.pending(name(1)), List.of(samples.next()));
    write(2, SampleRows.DAY, 1);

    try (LedgerReader reader = LedgerReader.open(ledger)) {
      assertThat(LedgerSums.count(reader)).isOne();
    }
  }

  /** What others need, and reading it back here does not tell: see {@link AlwaysZstd}. */
  @Test
  void everyBufferIsCompressedHoweverFewRowsThereAre() throws Exception {
    try (BufferAllocator memory = new RootAllocator();
        ArrowBuf plain = memory.buffer(16)) {
      plain.setLong(0, 0x123456789abcdefL);
      plain.setLong(8, 0x0fedcba987654321L);
      plain.writerIndex(16);
      plain.getReferenceManager().retain();
      try (ArrowBuf stored =
          AlwaysZstd.FACTORY.createCodec(CompressionUtil.CodecType.ZSTD).compress(memory, plain)) {
        assertThat(stored.getLong(0)).as("length; -1 is a buffer as it is").isEqualTo(16);
        assertThat(stored.writerIndex()).isGreaterThan(8 + 16);
      }
    }
    LedgerSums.assertHolds(ledger, write(1, SampleRows.DAY, 1));
  }

  @Test
  void filesOfBeforeAColumnHaveNullThere(@TempDir Path old) throws Exception {
    List<LedgerRow> rows = write(1, SampleRows.DAY, 20);
    Path folder = Files.createDirectories(new LedgerDirectory(old).folder(SampleRows.DAY));
    try (LedgerReader reader = LedgerReader.open(ledger);
        Statement sql = reader.connection().createStatement()) {
      sql.execute(
          "COPY (SELECT * EXCLUDE (saved_batch_usd, tenant) FROM ledger) TO "
              + LedgerSql.text(folder.resolve("compact-1.parquet").toString()));
    }

    try (LedgerReader reader = LedgerReader.open(old);
        Statement sql = reader.connection().createStatement();
        ResultSet result =
            sql.executeQuery(
                "SELECT count(*), count(tenant), count(saved_batch_usd), sum(total_usd)"
                    + " FROM ledger")) {
      result.next();
      assertThat(result.getLong(1)).isEqualTo(20);
      assertThat(result.getLong(2)).isZero();
      assertThat(result.getLong(3)).isZero();
      assertThat(result.getBigDecimal(4))
          .isEqualTo(LedgerSums.sum(rows.stream().map(row -> row.event().getTotalUsd()).toList()));
    }
  }

  @Test
  void onlyPricedRowsAreInTheViewOfFocus() throws Exception {
    List<LedgerRow> rows = write(1, SampleRows.DAY, 100);
    List<BigDecimal> usd =
        rows.stream().map(row -> row.event().getTotalUsd()).filter(Objects::nonNull).toList();

    try (LedgerReader reader = LedgerReader.open(ledger);
        Statement sql = reader.connection().createStatement();
        ResultSet result =
            sql.executeQuery(
                "SELECT count(*), sum(BilledCost), bool_and(ChargePeriodStart <= ChargePeriodEnd)"
                    + " FROM focus")) {
      result.next();
      assertThat(result.getLong(1)).isEqualTo(usd.size()).isLessThan(rows.size());
      assertThat(result.getBigDecimal(2)).isEqualTo(LedgerSums.sum(usd));
      assertThat(result.getBoolean(3)).isTrue();
    }
  }

  @Test
  void aFileThatIsNoneIsNamed() throws Exception {
    write(1, SampleRows.DAY, 5);
    Path file = LedgerFiles.in(ledger, null, null).get(0).path();
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));

    assertThatThrownBy(() -> LedgerReader.open(ledger))
        .isInstanceOf(LedgerException.class)
        .hasMessageStartingWith(file + " cannot be read: ")
        .hasMessageNotContaining("\n");
  }

  @Test
  void aDirectoryThatIsNoLedgerIsNamed(@TempDir Path other) {
    assertThatThrownBy(() -> LedgerReader.open(other))
        .isInstanceOf(LedgerException.class)
        .hasMessage(other + " is no ledger: it has no day=... folders");
    assertThatThrownBy(() -> LedgerReader.open(other.resolve("none")))
        .isInstanceOf(LedgerException.class)
        .hasMessageEndingWith("there is no such directory");
  }

  private List<LedgerRow> write(long number, LocalDate day, int count) throws Exception {
    List<LedgerRow> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(samples.next(day));
    }
    PendingFile file = new PendingFile(name(number), day);
    ArrowPart.write(directory.pending(file.name()), rows);
    directory.publish(file);
    return rows;
  }

  private static String name(long number) {
    return LedgerDirectory.partName(0, 1, "0123abcd", number);
  }
}
