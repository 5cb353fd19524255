package io.millrace.jobs.ledger;

import io.millrace.schemas.CostKind;
import java.io.Serial;
import java.time.Instant;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFilterFunction;
import org.apache.flink.metrics.Counter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What belongs in the ledger: all rows but heartbeats, and but those of a time that has no day with
 * a year of four digits, which nothing of ours writes; these are counted.
 */
public final class LedgerRows extends RichFilterFunction<LedgerRow> {
  @Serial private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(LedgerRows.class);

  private static final Instant TIME_MIN = Instant.EPOCH;
  private static final Instant TIME_END = Instant.parse("+10000-01-01T00:00:00Z");

  private transient Counter outOfTime;

  @Override
  public void open(OpenContext context) {
    outOfTime = getRuntimeContext().getMetricGroup().counter("rowsOutOfTime");
  }

  @Override
  public boolean filter(LedgerRow row) {
    if (row.event().getKind() == CostKind.heartbeat) {
      return false;
    }
    Instant time = row.event().getEventTime();
    if (!time.isBefore(TIME_MIN) && time.isBefore(TIME_END)) {
      return true;
    }
    if (outOfTime.getCount() == 0) {
      LOG.warn(
          "row {}-{} of costs is of {}: left out; more are only counted",
          row.costsPartition(),
          row.costsOffset(),
          time);
    }
    outOfTime.inc();
    return false;
  }
}
