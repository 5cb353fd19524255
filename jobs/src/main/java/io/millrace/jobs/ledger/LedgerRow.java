package io.millrace.jobs.ledger;

import io.millrace.schemas.CostEvent;
import java.time.LocalDate;
import java.time.ZoneOffset;

/**
 * One row of the costs topic and where it stands there, which no other row shares.
 *
 * @param costsPartition of the costs topic
 * @param costsOffset in that partition
 * @param event what the row says
 */
public record LedgerRow(int costsPartition, long costsOffset, CostEvent event) {

  /** The day that the row is filed under, UTC. */
  public LocalDate day() {
    return event.getEventTime().atOffset(ZoneOffset.UTC).toLocalDate();
  }
}
