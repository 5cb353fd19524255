package io.millrace.jobs.ledger;

import io.millrace.jobs.ledger.LedgerColumns.Column;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** The ledger in DuckDB's SQL. */
final class LedgerSql {
  private static final int REASON_CHARS_MAX = 300;

  private LedgerSql() {}

  /** The columns with their types. */
  static String declarations() {
    return LedgerColumns.all().stream()
        .map(column -> column.name() + " " + type(column))
        .collect(Collectors.joining(", "));
  }

  /** The columns' names. */
  static String names() {
    return LedgerColumns.all().stream().map(Column::name).collect(Collectors.joining(", "));
  }

  /** Copies what a file has of the columns; one of another version may have others. */
  static String copy(String source, Set<String> present) {
    List<Column> common =
        LedgerColumns.all().stream().filter(column -> present.contains(column.name())).toList();
    String names = common.stream().map(Column::name).collect(Collectors.joining(", "));
    String values =
        common.stream()
            .map(column -> column.name() + "::" + type(column))
            .collect(Collectors.joining(", "));
    return "INSERT INTO arrow_rows (" + names + ") SELECT " + values + " FROM " + source;
  }

  static String ledgerView(List<Path> parquet) {
    String all = "CREATE VIEW ledger AS SELECT " + names() + " FROM (SELECT * FROM arrow_rows";
    if (!parquet.isEmpty()) {
      all += " UNION ALL BY NAME SELECT * FROM " + parquet(parquet);
    }
    return all + ")";
  }

  static String parquet(List<Path> files) {
    return files.stream()
        .map(file -> text(file.toString()))
        .collect(
            Collectors.joining(
                ", ", "read_parquet([", "], union_by_name = true, hive_partitioning = false)"));
  }

  /** See docs/COST.md, which tells what the columns mean in FOCUS. */
  static String focusView() {
    return """
        CREATE VIEW focus AS SELECT
          total_usd AS BilledCost,
          total_usd AS EffectiveCost,
          total_usd AS ContractedCost,
          total_usd AS ListCost,
          'USD' AS BillingCurrency,
          'Usage' AS ChargeCategory,
          'Usage-Based' AS ChargeFrequency,
          CAST(NULL AS VARCHAR) AS ChargeClass,
          concat_ws(' ', kind, status, model) AS ChargeDescription,
          event_time - to_milliseconds(coalesce(total_ms, 0)) AS ChargePeriodStart,
          event_time AS ChargePeriodEnd,
          date_trunc('month', event_time) AS BillingPeriodStart,
          date_trunc('month', event_time) + INTERVAL 1 MONTH AS BillingPeriodEnd,
          fresh_tokens + cached_tokens + cache_written_tokens + output_tokens AS ConsumedQuantity,
          'Tokens' AS ConsumedUnit,
          'AI and Machine Learning' AS ServiceCategory,
          'Generative AI' AS ServiceSubcategory,
          'Millrace' AS ServiceName,
          coalesce(backend, 'Millrace') AS ServiceProviderName,
          model AS ResourceId,
          model AS ResourceName,
          'Model' AS ResourceType,
          price_source AS SkuPriceId,
          tenant AS SubAccountId,
          tenant AS SubAccountName,
          kind AS x_Kind,
          request_id AS x_RequestId,
          service_tier AS x_ServiceTier,
          price_version AS x_PriceVersion,
          saved_dedup_usd AS x_SavedDedup,
          saved_prefix_usd AS x_SavedPrefixCache,
          saved_speculation_usd AS x_SavedSpeculation,
          saved_batch_usd AS x_SavedBatchTier
        FROM ledger
        WHERE total_usd IS NOT NULL
        """;
  }

  /** A literal. */
  static String text(String value) {
    return "'" + value.replace("'", "''") + "'";
  }

  /** The first line of what went wrong. */
  static String reason(Exception e) {
    String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    String line = message.lines().findFirst().orElse("");
    return line.length() > REASON_CHARS_MAX ? line.substring(0, REASON_CHARS_MAX) + " ..." : line;
  }

  private static String type(Column column) {
    if (column.type() instanceof ArrowType.Int number) {
      return number.getBitWidth() == 32 ? "INTEGER" : "BIGINT";
    } else if (column.type() instanceof ArrowType.Decimal decimal) {
      return "DECIMAL(" + decimal.getPrecision() + ", " + decimal.getScale() + ")";
    } else if (column.type() instanceof ArrowType.Timestamp) {
      return "TIMESTAMP WITH TIME ZONE";
    } else if (column.type() instanceof ArrowType.Date) {
      return "DATE";
    } else if (column.type() instanceof ArrowType.Bool) {
      return "BOOLEAN";
    } else if (column.type() instanceof ArrowType.Utf8) {
      return "VARCHAR";
    }
    throw new IllegalStateException("no SQL type of " + column);
  }
}
