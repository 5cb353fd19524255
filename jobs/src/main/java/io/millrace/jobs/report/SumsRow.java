package io.millrace.jobs.report;

import java.sql.ResultSet;
import java.sql.SQLException;

/** Reads the columns of sums that the queries of {@link ReportSql} share. */
final class SumsRow {
  private SumsRow() {}

  static Sums of(ResultSet row) throws SQLException {
    return new Sums(requests(row), tokens(row), time(row), costs(row), savings(row));
  }

  private static Requests requests(ResultSet row) throws SQLException {
    return new Requests(
        row.getLong("requests"),
        row.getLong("generated"),
        row.getLong("hits"),
        row.getLong("coalesced"),
        row.getLong("failed"),
        row.getLong("requests_unpriced"));
  }

  private static Tokens tokens(ResultSet row) throws SQLException {
    return new Tokens(
        row.getLong("fresh"),
        row.getLong("cached"),
        row.getLong("cache_written"),
        row.getLong("output"),
        row.getLong("drafted"),
        row.getLong("accepted"),
        row.getLong("priced_prompt"),
        row.getLong("priced_output"));
  }

  private static DeviceTime time(ResultSet row) throws SQLException {
    return new DeviceTime(
        row.getLong("answer_nanos"), row.getLong("idle_nanos"), row.getLong("recovery_nanos"));
  }

  private static Costs costs(ResultSet row) throws SQLException {
    return new Costs(
        row.getBigDecimal("total_usd"),
        row.getBigDecimal("answers_usd"),
        row.getBigDecimal("input_usd"),
        row.getBigDecimal("output_usd"),
        row.getBigDecimal("idle_usd"),
        row.getBigDecimal("recovery_usd"),
        row.getLong("rows_priced"),
        row.getLong("rows_unpriced"));
  }

  private static Savings savings(ResultSet row) throws SQLException {
    return new Savings(
        row.getBigDecimal("saved_dedup_usd"),
        row.getBigDecimal("saved_prefix_usd"),
        row.getBigDecimal("saved_speculation_usd"),
        row.getBigDecimal("saved_batch_usd"),
        row.getLong("savings_unknown"));
  }
}
