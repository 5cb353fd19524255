package io.millrace.jobs.metrics;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.flink.metrics.MetricGroup;

/**
 * Feeds the catalogue with what tenants may still spend. The task's thread only; reporters read
 * beside it, and see a new period when it has begun, though nobody asks anything in it.
 */
public final class BudgetRecorder {
  /**
   * As of the last time that anything changed.
   *
   * @param untilMs when the period ends and nothing is spent any more
   */
  private record Books(BigDecimal limitUsd, BigDecimal spentUsd, long untilMs) {}

  private final LabelledSeries series;
  private final TenantLabels tenants;
  private final LongSupplier epochMillis;
  private final Map<String, Told> told = new HashMap<>();

  private static final class Told {
    private volatile Books books;
  }

  /**
   * @param group the operator's
   * @param tenantsMax tenants that are told of, the first ones seen
   */
  public BudgetRecorder(MetricGroup group, int tenantsMax, LongSupplier epochMillis) {
    this.series = new LabelledSeries(group);
    this.tenants = new TenantLabels(tenantsMax);
    this.epochMillis = epochMillis;
  }

  /**
   * What a tenant may spend in a period, and has.
   *
   * @param untilMs when the period ends, epoch milliseconds
   */
  public void books(String tenant, BigDecimal limitUsd, BigDecimal spentUsd, long untilMs) {
    if (tenant.equals(tenants.of(tenant))) {
      told.computeIfAbsent(tenant, this::open).books = new Books(limitUsd, spentUsd, untilMs);
    }
  }

  private Told open(String tenant) {
    Told of = new Told();
    LlmSeries gauges = series.of("tenant", tenant);
    gauges.gauge(LlmMetric.BUDGET_LIMIT, () -> of.books == null ? null : of.books.limitUsd());
    gauges.gauge(LlmMetric.BUDGET_REMAINING, () -> of.books == null ? null : remaining(of.books));
    return of;
  }

  private BigDecimal remaining(Books books) {
    return epochMillis.getAsLong() >= books.untilMs()
        ? books.limitUsd()
        : books.limitUsd().subtract(books.spentUsd());
  }
}
