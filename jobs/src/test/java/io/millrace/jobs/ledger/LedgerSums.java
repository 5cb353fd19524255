package io.millrace.jobs.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/** Compares a ledger with rows. */
public final class LedgerSums {
  private LedgerSums() {}

  /** Of those that are not null. */
  static BigDecimal sum(Collection<BigDecimal> usd) {
    return usd.stream().filter(Objects::nonNull).reduce(BigDecimal.ZERO, BigDecimal::add);
  }

  static long count(LedgerReader reader) throws SQLException {
    try (Statement sql = reader.connection().createStatement();
        ResultSet result = sql.executeQuery("SELECT count(*) FROM ledger")) {
      result.next();
      return result.getLong(1);
    }
  }

  /** How many rows a ledger has; none where there is no ledger yet. */
  public static long rows(Path ledger) throws Exception {
    if (!Files.isDirectory(ledger.resolve("pending"))) {
      return 0;
    }
    try (LedgerReader reader = LedgerReader.open(ledger)) {
      return count(reader);
    }
  }

  /** The ledger has these very rows, each once, all columns alike. */
  public static void assertHolds(Path ledger, Collection<LedgerRow> rows) throws Exception {
    List<LedgerRow> expected =
        rows.stream()
            .sorted(
                Comparator.comparing(LedgerRow::costsPartition)
                    .thenComparing(LedgerRow::costsOffset))
            .toList();
    try (LedgerReader reader = LedgerReader.open(ledger);
        Statement sql = reader.connection().createStatement();
        ResultSet result =
            sql.executeQuery("SELECT * FROM ledger ORDER BY costs_partition, costs_offset")) {
      for (LedgerRow row : expected) {
        assertThat(result.next()).isTrue();
        List<Object> found = new ArrayList<>();
        List<Object> wanted = new ArrayList<>();
        for (LedgerColumns.Column column : LedgerColumns.all()) {
          found.add(plain(result.getObject(column.name())));
          Object value = column.value().apply(row);
          wanted.add(value instanceof BigDecimal usd ? usd.setScale(24) : value);
        }
        assertThat(found).isEqualTo(wanted);
      }
      assertThat(result.next()).isFalse();
    }
  }

  private static Object plain(Object value) {
    if (value instanceof OffsetDateTime time) {
      return ChronoUnit.MICROS.between(java.time.Instant.EPOCH, time.toInstant());
    } else if (value instanceof LocalDate day) {
      return Math.toIntExact(day.toEpochDay());
    }
    return value;
  }
}
