package io.millrace.jobs.report;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;

/**
 * A minute, an hour or a day in which there are rows.
 *
 * @param start when it begins
 * @param sums what its rows add up to
 * @param tenantsUsd what it cost, by the layers of {@link Report#tenantLayers}
 * @param modelsUsd the same by {@link Report#modelLayers}
 */
public record TimeSlice(
    Instant start, Sums sums, List<BigDecimal> tenantsUsd, List<BigDecimal> modelsUsd) {}
