package io.millrace.jobs.ledger;

import io.millrace.schemas.CostEvent;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Ledgers for tests of those who read them. */
public final class LedgerFixture {
  private LedgerFixture() {}

  /** Writes a ledger of one file a day. */
  public static void write(Path ledger, List<CostEvent> events) throws IOException {
    LedgerDirectory directory = new LedgerDirectory(ledger);
    directory.create();
    var days =
        events.stream()
            .collect(
                Collectors.groupingBy(
                    event -> new LedgerRow(0, 0, event).day(), TreeMap::new, Collectors.toList()));
    long offset = 0;
    for (var day : days.entrySet()) {
      String name = LedgerDirectory.partName(0, 1, "0123abcd", offset);
      List<LedgerRow> rows = new ArrayList<>();
      for (CostEvent event : day.getValue()) {
        rows.add(new LedgerRow(0, offset++, event));
      }
      ArrowPart.write(directory.pending(name), rows);
      directory.publish(new PendingFile(name, day.getKey()));
    }
  }
}
