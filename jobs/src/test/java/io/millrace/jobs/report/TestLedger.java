package io.millrace.jobs.report;

import io.millrace.jobs.ledger.LedgerColumns;
import io.millrace.jobs.ledger.LedgerRow;
import io.millrace.schemas.CacheOutcome;
import io.millrace.schemas.CostEvent;
import io.millrace.schemas.CostKind;
import io.millrace.schemas.RequestStatus;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** A ledger in memory, of the rows that a test makes up. */
public final class TestLedger implements AutoCloseable {
  /** When {@link #report} says it was made. */
  public static final Instant NOW = Instant.parse("2026-03-02T12:00:00Z");

  private static final Instant START = Instant.parse("2026-03-01T10:00:00Z");

  private final Connection db;
  private final List<LedgerColumns.Column> columns;
  private long offset;

  public TestLedger() throws SQLException {
    this(column -> true);
  }

  /** One whose files have only some of the columns. */
  TestLedger(Predicate<String> present) throws SQLException {
    db = DriverManager.getConnection("jdbc:duckdb:");
    columns = LedgerColumns.all().stream().filter(column -> present.test(column.name())).toList();
    try (Statement statement = db.createStatement()) {
      statement.execute("SET TimeZone = 'UTC'");
      statement.execute(
          columns.stream()
              .map(column -> column.name() + " " + type(column))
              .collect(Collectors.joining(", ", "CREATE TABLE ledger (", ")")));
    }
  }

  Connection connection() {
    return db;
  }

  /** The row's day and place follow from the event. */
  public TestLedger add(CostEvent.Builder event) throws SQLException {
    String values = columns.stream().map(column -> "?").collect(Collectors.joining(", "));
    LedgerRow row = new LedgerRow(0, offset++, event.build());
    try (PreparedStatement insert =
        db.prepareStatement("INSERT INTO ledger VALUES (" + values + ")")) {
      for (int i = 0; i < columns.size(); i++) {
        insert.setObject(i + 1, value(columns.get(i), row));
      }
      insert.executeUpdate();
    }
    return this;
  }

  public Report report() throws SQLException {
    return report(ReportFilter.ALL, null);
  }

  Report report(ReportFilter filter, SliceLength slices) throws SQLException {
    return new ReportQueries(db).report("a test", filter, slices, NOW);
  }

  @Override
  public void close() throws SQLException {
    db.close();
  }

  /** A generated answer that took a second: 100 fresh tokens, 20 generated ones. */
  public static CostEvent.Builder answer(String tenant, int second, String usd) {
    BigDecimal output = usd == null ? null : usd(usd);
    return row(CostKind.request, second)
        .setIsFinal(true)
        .setTenant(tenant)
        .setStatus(RequestStatus.generated)
        .setTotalMs(1_000L)
        .setFreshTokens(100)
        .setOutputTokens(20)
        .setDeviceNanos(500_000_000L)
        .setInputUsd(usd == null ? null : usd("0"))
        .setOutputUsd(output)
        .setTotalUsd(output)
        .setSavedDedupUsd(usd == null ? null : usd("0"))
        .setSavedPrefixUsd(usd == null ? null : usd("0"))
        .setSavedSpeculationUsd(usd == null ? null : usd("0"));
  }

  /** An answer from the cache, and what that saved. */
  public static CostEvent.Builder hit(String tenant, int second, String savedUsd) {
    return answer(tenant, second, "0")
        .setStatus(RequestStatus.hit)
        .setCached(CacheOutcome.hit)
        .setFreshTokens(0)
        .setOutputTokens(0)
        .setDeviceNanos(0)
        .setSavedDedupUsd(savedUsd == null ? null : usd(savedUsd));
  }

  /** Device time of nobody, a second of it. */
  public static CostEvent.Builder idle(int second, String usd) {
    return row(CostKind.idle, second)
        .setDeviceNanos(1_000_000_000L)
        .setTotalUsd(usd == null ? null : usd(usd));
  }

  public static CostEvent.Builder recovery(int second, String usd) {
    return idle(second, usd).setKind(CostKind.recovery);
  }

  public static BigDecimal usd(String amount) {
    return new BigDecimal(amount).setScale(24);
  }

  private static CostEvent.Builder row(CostKind kind, int second) {
    return CostEvent.newBuilder()
        .setKind(kind)
        .setModel("llama")
        .setBackend("cpu")
        .setEventTime(START.plusSeconds(second))
        .setPriceSource("device-hour")
        .setPriceVersion("0.10 USD/h");
  }

  private static String type(LedgerColumns.Column column) {
    String arrow = column.type().toString();
    if (arrow.startsWith("Decimal")) {
      return "DECIMAL(38, 24)";
    }
    if (arrow.startsWith("Timestamp")) {
      return "TIMESTAMPTZ";
    }
    if (arrow.startsWith("Date")) {
      return "DATE";
    }
    if (arrow.startsWith("Bool")) {
      return "BOOLEAN";
    }
    return arrow.startsWith("Int(64") ? "BIGINT" : arrow.startsWith("Int(") ? "INTEGER" : "VARCHAR";
  }

  private static Object value(LedgerColumns.Column column, LedgerRow row) {
    return switch (column.name()) {
      case LedgerColumns.DAY ->
          LocalDate.ofInstant(row.event().getEventTime(), java.time.ZoneOffset.UTC);
      case "event_time" -> row.event().getEventTime().atOffset(java.time.ZoneOffset.UTC);
      default -> column.value().apply(row);
    };
  }
}
