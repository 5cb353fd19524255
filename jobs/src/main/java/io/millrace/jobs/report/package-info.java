/**
 * What the ledger adds up to, for people. Data flows one way:
 *
 * <pre>
 *   the ledger, in DuckDB ──> ReportQueries ──> Report ──> format (terminal, JSON, CSV)
 *                             all SQL           records    html   (one page)
 * </pre>
 *
 * Sums are DuckDB's, over exact decimals; quotients of them are {@link java.math.BigDecimal}s.
 */
package io.millrace.jobs.report;
