package io.millrace.jobs.ledger;

import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Writes ledgers of made-up rows, as the job would. */
public final class SampleLedger {
  private static final AtomicLong NUMBER = new AtomicLong();

  private SampleLedger() {}

  /**
   * Adds files to a day.
   *
   * @param files how many
   * @param rows of each file
   * @return all rows that were written
   */
  public static List<LedgerRow> write(Path ledger, LocalDate day, int files, int rows)
      throws IOException {
    LedgerDirectory directory = new LedgerDirectory(ledger);
    directory.create();
    List<LedgerRow> all = new ArrayList<>();
    for (int f = 0; f < files; f++) {
      // A partition of its own for each file, so that positions are unique.
      long number = NUMBER.incrementAndGet();
      SampleRows samples = new SampleRows(number);
      List<LedgerRow> part = new ArrayList<>();
      for (int r = 0; r < rows; r++) {
        LedgerRow row = samples.next(day);
        part.add(new LedgerRow((int) number, row.costsOffset(), row.event()));
      }
      PendingFile file = new PendingFile(LedgerDirectory.partName(0, 1, "0123abcd", number), day);
      ArrowPart.write(directory.pending(file.name()), part);
      directory.publish(file);
      all.addAll(part);
    }
    return all;
  }
}
