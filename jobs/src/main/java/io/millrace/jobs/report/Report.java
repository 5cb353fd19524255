package io.millrace.jobs.report;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a part of the ledger says.
 *
 * @param source where the rows came from, for people
 * @param generated when the report was made
 * @param filter which rows it is about
 * @param rows how many those are
 * @param span the time they are about; null if there are none
 * @param total all of them
 * @param tenants requests by tenant
 * @param models all rows by model; requests have one, idle and lost device time too
 * @param slices by time, ascending; slices without a row are left out
 * @param tenantLayers whose cost {@link TimeSlice#tenantsUsd} tells
 * @param modelLayers whose cost {@link TimeSlice#modelsUsd} tells
 * @param prices that rows were charged by, those of most rows first
 * @param lately null if the rows span no time
 */
public record Report(
    String source,
    Instant generated,
    ReportFilter filter,
    long rows,
    Period span,
    Sums total,
    Ranking tenants,
    Ranking models,
    List<TimeSlice> slices,
    List<Layer> tenantLayers,
    List<Layer> modelLayers,
    List<PriceUsed> prices,
    SpendingRate lately) {

  /** Requests of the day that a day's cost is told for. */
  public static final int DAY_REQUESTS = 10_000;

  /** Empty if there is no row. */
  public Optional<Period> period() {
    return Optional.ofNullable(span);
  }

  /** Empty if the rows span no time. */
  public Optional<SpendingRate> rate() {
    return Optional.ofNullable(lately);
  }
}
