package io.millrace.jobs.report;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Asks the ledger. The connection is DuckDB's, with a relation {@code ledger} of the columns of
 * {@code LedgerColumns}; what the queries need besides are temporary tables of their own.
 */
public final class ReportQueries {

  /** Tenants, and models, that are told one by one. */
  public static final int GROUPS_MAX = 100_000;

  /** Minutes, hours or days with rows. */
  public static final int SLICES_MAX = 100_000;

  private static final int LAYERS_MAX = 6;
  private static final int PRICES_MAX = 100;

  private final Connection db;

  public ReportQueries(Connection db) {
    this.db = db;
  }

  /**
   * All that a report tells.
   *
   * @param source where the rows come from, for people
   * @param filter which of them
   * @param slices null takes what suits the period
   * @param now when the report is made
   * @throws IllegalArgumentException if the period has more than {@link #SLICES_MAX} slices
   * @throws SQLException if the rows cannot be read or added up
   */
  public Report report(String source, ReportFilter filter, SliceLength slices, Instant now)
      throws SQLException {
    select(filter);
    long rows;
    Period period;
    try (Statement statement = db.createStatement();
        ResultSet bounds = statement.executeQuery(ReportSql.BOUNDS)) {
      bounds.next();
      rows = bounds.getLong("n");
      period =
          rows == 0
              ? null
              : period(filter, bounds.getLong("begin_ms"), bounds.getLong("end_ms"), slices);
    }
    long sliceMs = (period == null ? SliceLength.DAY : period.slices()).duration().toMillis();
    execute(ReportSql.FACTS.formatted(sliceMs));
    checkSlices();

    Sums total = total();
    Ranking tenants = ranking(ReportSql.TENANTS);
    Ranking models = ranking(ReportSql.MODELS);
    Layers byTenant = Layers.of(tenants.top(LAYERS_MAX), total.costs());
    Layers byModel = Layers.of(models.top(LAYERS_MAX), total.costs());
    return new Report(
        source,
        now,
        filter,
        rows,
        period,
        total,
        tenants,
        models,
        slices(layers("tenant", byTenant), layers("model", byModel), byTenant, byModel),
        byTenant.shown(),
        byModel.shown(),
        prices(),
        period == null ? null : lately(period));
  }

  private void select(ReportFilter filter) throws SQLException {
    execute(ReportSql.FILTER_TABLE);
    try (PreparedStatement insert = db.prepareStatement(ReportSql.FILTER)) {
      insert.setObject(1, filter.from() == null ? null : midnight(filter.from()));
      insert.setObject(2, filter.to() == null ? null : midnight(filter.to().plusDays(1)));
      insert.setString(3, filter.tenant());
      insert.setString(4, filter.model());
      insert.executeUpdate();
    }
    boolean batch;
    try (PreparedStatement query = db.prepareStatement(ReportSql.COLUMNS)) {
      query.setString(1, ReportSql.BATCH_SAVINGS);
      try (ResultSet column = query.executeQuery()) {
        batch = column.next();
      }
    }
    execute(ReportSql.ROWS.formatted(batch ? ReportSql.BATCH_SAVINGS : ReportSql.NO_BATCH_SAVINGS));
  }

  private static Long midnight(LocalDate day) {
    return day.atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
  }

  private static Period period(ReportFilter filter, long beginMs, long endMs, SliceLength slices) {
    long fromMs =
        filter.from() == null ? beginMs : Math.max(beginMs, midnight(filter.from()).longValue());
    Instant from = Instant.ofEpochMilli(fromMs);
    Instant to = Instant.ofEpochMilli(endMs);
    return new Period(
        from, to, slices == null ? SliceLength.of(Duration.between(from, to)) : slices);
  }

  private void checkSlices() throws SQLException {
    try (Statement statement = db.createStatement();
        ResultSet row = statement.executeQuery(ReportSql.SLICE_COUNT)) {
      row.next();
      long count = row.getLong("n");
      if (count > SLICES_MAX) {
        throw new IllegalArgumentException(
            "the period has " + count + " pieces, more than " + SLICES_MAX);
      }
    }
  }

  private Sums total() throws SQLException {
    try (Statement statement = db.createStatement();
        ResultSet row = statement.executeQuery(ReportSql.TOTAL)) {
      row.next();
      return SumsRow.of(row);
    }
  }

  private Ranking ranking(String query) throws SQLException {
    List<Group> groups = new ArrayList<>();
    long others = 0;
    Sums rest = null;
    try (Statement statement = db.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      while (row.next()) {
        Sums sums = SumsRow.of(row);
        if (groups.size() < GROUPS_MAX) {
          groups.add(new Group(row.getString("name"), sums));
        } else {
          others++;
          rest = rest == null ? sums : rest.plus(sums);
        }
      }
    }
    return new Ranking(List.copyOf(groups), others, rest);
  }

  /** What each layer cost, by the start of the slice, epoch milliseconds. */
  private Map<Long, BigDecimal[]> layers(String column, Layers layers) throws SQLException {
    execute(ReportSql.LAYER_TABLE);
    try (PreparedStatement insert = db.prepareStatement(ReportSql.LAYER)) {
      for (int i = 0; i < layers.named().size(); i++) {
        insert.setString(1, layers.named().get(i));
        insert.setInt(2, i);
        insert.executeUpdate();
      }
    }
    Map<Long, BigDecimal[]> slices = new HashMap<>();
    String query =
        ReportSql.LAYERS.formatted(column, layers.others(), layers.idle(), layers.recovery());
    try (Statement statement = db.createStatement();
        ResultSet row = statement.executeQuery(query)) {
      while (row.next()) {
        BigDecimal[] parts =
            slices.computeIfAbsent(row.getLong("slice_ms"), start -> layers.zeros());
        int layer = row.getInt("layer");
        parts[layer] = parts[layer].add(row.getBigDecimal("total_usd"));
      }
    }
    return slices;
  }

  private List<TimeSlice> slices(
      Map<Long, BigDecimal[]> tenantsUsd,
      Map<Long, BigDecimal[]> modelsUsd,
      Layers byTenant,
      Layers byModel)
      throws SQLException {
    List<TimeSlice> slices = new ArrayList<>();
    try (Statement statement = db.createStatement();
        ResultSet row = statement.executeQuery(ReportSql.SLICES)) {
      while (row.next()) {
        long start = row.getLong("slice_ms");
        slices.add(
            new TimeSlice(
                Instant.ofEpochMilli(start),
                SumsRow.of(row),
                byTenant.shown(tenantsUsd.get(start)),
                byModel.shown(modelsUsd.get(start))));
      }
    }
    return List.copyOf(slices);
  }

  private List<PriceUsed> prices() throws SQLException {
    List<PriceUsed> prices = new ArrayList<>();
    try (PreparedStatement query = db.prepareStatement(ReportSql.PRICES)) {
      query.setInt(1, PRICES_MAX);
      try (ResultSet row = query.executeQuery()) {
        while (row.next()) {
          prices.add(
              new PriceUsed(
                  row.getString("model"),
                  row.getString("price_source"),
                  row.getString("price_version"),
                  row.getString("service_tier"),
                  row.getLong("n"),
                  row.getLong("unpriced")));
        }
      }
    }
    return List.copyOf(prices);
  }

  private SpendingRate lately(Period period) throws SQLException {
    if (period.length().toMillis() <= 0) {
      return null;
    }
    Instant dayBefore = period.to().minus(SpendingRate.WINDOW_MAX);
    boolean whole = !dayBefore.isAfter(period.from());
    Instant from = whole ? period.from() : dayBefore;
    try (PreparedStatement query = db.prepareStatement(ReportSql.LATELY)) {
      query.setLong(1, from.toEpochMilli());
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return new SpendingRate(
            from, period.to(), row.getLong("requests"), row.getBigDecimal("total_usd"));
      }
    }
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = db.createStatement()) {
      statement.execute(sql);
    }
  }
}
