package io.millrace.jobs.report;

/**
 * All queries of a report, in DuckDB's SQL. {@code ledger} is the ledger's rows; {@code
 * report_filter} one row, which says which of them count; {@code report_rows} those; {@code
 * report_facts} what they add up to by slice of time, kind, tenant, model and price, from which all
 * the rest is summed. DECIMAL(38,24) stays so under sum(), exactly; beyond 10^14 USD it fails.
 */
final class ReportSql {
  private ReportSql() {}

  static final String COLUMNS =
      "SELECT column_name FROM (DESCRIBE SELECT * FROM ledger) WHERE column_name = ?";

  static final String FILTER_TABLE =
      """
      CREATE OR REPLACE TEMP TABLE report_filter (
        from_ms BIGINT, to_ms BIGINT, tenant VARCHAR, model VARCHAR)
      """;

  static final String FILTER = "INSERT INTO report_filter VALUES (?, ?, ?, ?)";

  /** A format: what saved_batch_usd is, which ledgers of earlier versions do not have. */
  static final String ROWS =
      """
      CREATE OR REPLACE TEMP VIEW report_rows AS
      SELECT
        epoch_ms(event_time) AS end_ms,
        epoch_ms(event_time)
          - greatest(coalesce(total_ms, 0), device_nanos // 1000000) AS begin_ms,
        kind::VARCHAR AS kind, is_final, status::VARCHAR AS status,
        ledger.tenant::VARCHAR AS tenant, ledger.model::VARCHAR AS model,
        price_source::VARCHAR AS price_source, price_version::VARCHAR AS price_version,
        service_tier::VARCHAR AS service_tier,
        fresh_tokens, cached_tokens, cache_written_tokens, output_tokens,
        drafted_tokens, accepted_tokens, device_nanos,
        input_usd, output_usd, total_usd,
        saved_dedup_usd, saved_prefix_usd, saved_speculation_usd,
        %s AS saved_batch_usd
      FROM ledger, report_filter AS f
      WHERE (f.from_ms IS NULL OR epoch_ms(event_time) >= f.from_ms)
        AND (f.to_ms IS NULL OR epoch_ms(event_time) < f.to_ms)
        AND (f.tenant IS NULL OR ledger.tenant = f.tenant)
        AND (f.model IS NULL OR ledger.model = f.model)
        AND kind <> 'heartbeat'
      """;

  static final String BATCH_SAVINGS = "saved_batch_usd";
  static final String NO_BATCH_SAVINGS = "NULL::DECIMAL(38, 24)";

  static final String BOUNDS =
      "SELECT count(*) AS n, min(begin_ms) AS begin_ms, max(end_ms) AS end_ms FROM report_rows";

  /** A format: the length of a slice, milliseconds. */
  static final String FACTS =
      """
      CREATE OR REPLACE TEMP TABLE report_facts AS
      SELECT
        end_ms // %1$d * %1$d AS slice_ms,
        kind, tenant, model, price_source, price_version, service_tier,
        count(*) AS rows_all,
        count(total_usd) AS rows_priced,
        count(*) FILTER (kind = 'request' AND is_final) AS requests,
        count(*) FILTER (is_final AND status = 'generated') AS generated,
        count(*) FILTER (is_final AND status = 'hit') AS hits,
        count(*) FILTER (is_final AND status = 'coalesced') AS coalesced,
        count(*) FILTER (is_final AND status IN ('expired', 'failed', 'dead_lettered')) AS failed,
        count(*) FILTER (kind = 'request' AND is_final AND total_usd IS NULL) AS requests_unpriced,
        sum(fresh_tokens) AS fresh,
        sum(cached_tokens) AS cached,
        sum(cache_written_tokens) AS cache_written,
        sum(output_tokens) AS output,
        sum(drafted_tokens) AS drafted,
        sum(accepted_tokens) AS accepted,
        sum(fresh_tokens + cached_tokens + cache_written_tokens)
          FILTER (total_usd IS NOT NULL) AS priced_prompt,
        sum(output_tokens) FILTER (total_usd IS NOT NULL) AS priced_output,
        sum(device_nanos) AS nanos,
        sum(total_usd) AS total_usd,
        sum(input_usd) AS input_usd,
        sum(output_usd) AS output_usd,
        sum(saved_dedup_usd) AS saved_dedup_usd,
        sum(saved_prefix_usd) AS saved_prefix_usd,
        sum(saved_speculation_usd) AS saved_speculation_usd,
        sum(saved_batch_usd) AS saved_batch_usd,
        count(*) FILTER (kind = 'request' AND (saved_dedup_usd IS NULL
          OR saved_prefix_usd IS NULL OR saved_speculation_usd IS NULL)) AS savings_unknown
      FROM report_rows
      GROUP BY ALL
      """;

  /** Columns of a query over {@code report_facts}; {@link SumsRow} reads them. */
  private static final String SUMS =
      """
      coalesce(sum(rows_priced), 0)::BIGINT AS rows_priced,
      coalesce(sum(rows_all - rows_priced), 0)::BIGINT AS rows_unpriced,
      coalesce(sum(requests), 0)::BIGINT AS requests,
      coalesce(sum(generated), 0)::BIGINT AS generated,
      coalesce(sum(hits), 0)::BIGINT AS hits,
      coalesce(sum(coalesced), 0)::BIGINT AS coalesced,
      coalesce(sum(failed), 0)::BIGINT AS failed,
      coalesce(sum(requests_unpriced), 0)::BIGINT AS requests_unpriced,
      coalesce(sum(fresh), 0)::BIGINT AS fresh,
      coalesce(sum(cached), 0)::BIGINT AS cached,
      coalesce(sum(cache_written), 0)::BIGINT AS cache_written,
      coalesce(sum(output), 0)::BIGINT AS output,
      coalesce(sum(drafted), 0)::BIGINT AS drafted,
      coalesce(sum(accepted), 0)::BIGINT AS accepted,
      coalesce(sum(priced_prompt), 0)::BIGINT AS priced_prompt,
      coalesce(sum(priced_output), 0)::BIGINT AS priced_output,
      coalesce(sum(nanos) FILTER (kind NOT IN ('idle', 'recovery')), 0)::BIGINT AS answer_nanos,
      coalesce(sum(nanos) FILTER (kind = 'idle'), 0)::BIGINT AS idle_nanos,
      coalesce(sum(nanos) FILTER (kind = 'recovery'), 0)::BIGINT AS recovery_nanos,
      coalesce(sum(total_usd), 0)::DECIMAL(38, 24) AS total_usd,
      coalesce(sum(total_usd) FILTER (kind = 'request'), 0)::DECIMAL(38, 24) AS answers_usd,
      coalesce(sum(input_usd) FILTER (kind = 'request'), 0)::DECIMAL(38, 24) AS input_usd,
      coalesce(sum(output_usd) FILTER (kind = 'request'), 0)::DECIMAL(38, 24) AS output_usd,
      coalesce(sum(total_usd) FILTER (kind = 'idle'), 0)::DECIMAL(38, 24) AS idle_usd,
      coalesce(sum(total_usd) FILTER (kind = 'recovery'), 0)::DECIMAL(38, 24) AS recovery_usd,
      coalesce(sum(saved_dedup_usd), 0)::DECIMAL(38, 24) AS saved_dedup_usd,
      coalesce(sum(saved_prefix_usd), 0)::DECIMAL(38, 24) AS saved_prefix_usd,
      coalesce(sum(saved_speculation_usd), 0)::DECIMAL(38, 24) AS saved_speculation_usd,
      coalesce(sum(saved_batch_usd), 0)::DECIMAL(38, 24) AS saved_batch_usd,
      coalesce(sum(savings_unknown), 0)::BIGINT AS savings_unknown
      """;

  static final String TOTAL = "SELECT " + SUMS + " FROM report_facts";

  private static final String DEAREST_FIRST =
      " ORDER BY total_usd DESC, requests DESC, name NULLS LAST";

  static final String TENANTS =
      "SELECT tenant AS name, "
          + SUMS
          + " FROM report_facts WHERE kind = 'request' GROUP BY tenant"
          + DEAREST_FIRST;

  static final String MODELS =
      "SELECT model AS name, " + SUMS + " FROM report_facts GROUP BY model" + DEAREST_FIRST;

  static final String SLICES =
      "SELECT slice_ms, " + SUMS + " FROM report_facts GROUP BY slice_ms ORDER BY slice_ms";

  static final String SLICE_COUNT = "SELECT count(DISTINCT slice_ms) AS n FROM report_facts";

  static final String LAYER_TABLE =
      "CREATE OR REPLACE TEMP TABLE report_layers (name VARCHAR, layer INTEGER)";

  static final String LAYER = "INSERT INTO report_layers VALUES (?, ?)";

  /** A format: the column that names; the layers of others, of idle and of lost time. */
  static final String LAYERS =
      """
      SELECT
        slice_ms,
        CASE kind
          WHEN 'request' THEN coalesce(report_layers.layer, %2$d)
          WHEN 'idle' THEN %3$d
          ELSE %4$d END AS layer,
        coalesce(sum(total_usd), 0)::DECIMAL(38, 24) AS total_usd
      FROM report_facts
      LEFT JOIN report_layers ON report_facts.%1$s IS NOT DISTINCT FROM report_layers.name
      GROUP BY 1, 2
      """;

  static final String PRICES =
      """
      SELECT
        model, price_source, price_version, service_tier,
        sum(rows_all)::BIGINT AS n,
        sum(rows_all - rows_priced)::BIGINT AS unpriced
      FROM report_facts
      GROUP BY model, price_source, price_version, service_tier
      ORDER BY n DESC, model, price_source, price_version, service_tier
      LIMIT ?
      """;

  static final String LATELY =
      """
      SELECT
        coalesce(sum(total_usd), 0)::DECIMAL(38, 24) AS total_usd,
        count(*) FILTER (kind = 'request' AND is_final) AS requests
      FROM report_rows
      WHERE end_ms >= ?
      """;
}
