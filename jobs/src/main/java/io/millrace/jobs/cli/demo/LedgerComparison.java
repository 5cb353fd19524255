package io.millrace.jobs.cli.demo;

import io.millrace.jobs.cli.progress.Format;
import io.millrace.jobs.ledger.LedgerException;
import io.millrace.jobs.ledger.LedgerReader;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * Compares the ledger with the costs topic, partition by partition, up to the rows that had come at
 * one moment: both grow all the time. Not safe for use by several threads.
 */
final class LedgerComparison {
  /** Opening a ledger reads it. */
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final Path ledger;
  private final Map<Integer, Rows> seen = new TreeMap<>();
  private Map<Integer, Rows> wanted;
  private boolean agrees;
  private long looked;

  /** What the rows of a partition add up to, the last one's offset included. */
  private record Rows(long lastOffset, long count, long unpriced, BigDecimal usd) {
    static final Rows NONE = new Rows(-1, 0, 0, BigDecimal.ZERO);

    Rows and(Rows other) {
      return new Rows(
          Math.max(lastOffset, other.lastOffset),
          count + other.count,
          unpriced + other.unpriced,
          usd.add(other.usd));
    }
  }

  LedgerComparison(Path ledger) {
    this.ledger = ledger;
  }

  /** A committed row of the topic. */
  void add(int partition, long offset, CostEvent row) {
    if (row.getKind() != CostKind.heartbeat) {
      BigDecimal usd = row.getTotalUsd();
      Rows one = new Rows(offset, 1, usd == null ? 1 : 0, usd == null ? BigDecimal.ZERO : usd);
      seen.merge(partition, one, Rows::and);
    }
  }

  /** What came until now is what the ledger is to hold. */
  void begin() {
    wanted = new TreeMap<>(seen);
  }

  /** Whether it does; looks no more often than once a second. */
  boolean agrees() throws IOException {
    long now = System.nanoTime();
    if (!agrees && wanted != null && (looked == 0 || now - looked > PAUSE.toNanos())) {
      agrees = holdsAll();
      looked = System.nanoTime();
    }
    return agrees;
  }

  /** For the last screen. */
  String line() {
    Rows all = wanted == null ? Rows.NONE : wanted.values().stream().reduce(Rows.NONE, Rows::and);
    return "ledger       "
        + (agrees
            ? Format.count(all.count)
                + " rows, "
                + Format.usd(all.usd, all.unpriced)
                + ": as in the costs topic, to the last digit"
            : "does not hold the costs topic's rows yet");
  }

  private boolean holdsAll() throws IOException {
    if (!Files.isDirectory(ledger)) {
      return false;
    }
    try (LedgerReader reader = LedgerReader.open(ledger);
        PreparedStatement sql =
            reader
                .connection()
                .prepareStatement(
                    "SELECT count(*), count(*) - count(total_usd), coalesce(sum(total_usd), 0)"
                        + " FROM ledger WHERE costs_partition = ? AND costs_offset <= ?")) {
      for (Map.Entry<Integer, Rows> partition : wanted.entrySet()) {
        Rows rows = partition.getValue();
        sql.setInt(1, partition.getKey());
        sql.setLong(2, rows.lastOffset());
        try (ResultSet result = sql.executeQuery()) {
          result.next();
          if (result.getLong(1) != rows.count()
              || result.getLong(2) != rows.unpriced()
              || result.getBigDecimal(3).compareTo(rows.usd()) != 0) {
            return false;
          }
        }
      }
      return true;
    } catch (LedgerException | SQLException e) {
      throw new IOException(e.getMessage(), e);
    }
  }
}
